"""Locks, reads and set-based writes of purchasing, by what they are about."""
