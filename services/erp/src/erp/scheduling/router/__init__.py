"""Paths of scheduling."""
