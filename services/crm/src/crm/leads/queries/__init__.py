"""Reads of leads, their touches and reasons."""
