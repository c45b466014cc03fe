"""Reads and writes of follow-up plans and their runs."""
