"""Rules of activities: pure."""
