"""Reads and locks of accounts and contacts."""
