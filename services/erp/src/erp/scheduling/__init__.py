"""Scheduling: when each operation runs, and on which machine, as far as capacity goes."""
