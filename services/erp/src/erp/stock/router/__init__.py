"""Paths of stock, and of lots."""
