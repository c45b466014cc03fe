"""Reads of forecasts, quotas and snapshots."""
