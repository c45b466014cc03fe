"""Persons among contacts and accounts: what is known of one, and its erasure."""
