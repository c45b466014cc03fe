"""Reads of cases, of what complaints are traced to, and of scores."""
