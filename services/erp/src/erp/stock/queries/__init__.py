"""Locks, reads and set-based writes of stock."""
