"""Comparisons: what the two halves have of the same records, and where that differs."""
