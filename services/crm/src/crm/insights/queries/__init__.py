"""Reads of figures about deals: each is one statement."""
