"""Persons: what is known of one is handed out, and taken out of all that a service keeps."""
