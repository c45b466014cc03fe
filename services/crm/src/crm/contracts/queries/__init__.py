"""Reads of contracts and templates, and the set-based writes of what belongs to them."""
