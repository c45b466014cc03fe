"""What forecasts, quotas and snapshots do."""
