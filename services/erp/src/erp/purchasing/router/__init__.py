"""Paths of purchasing."""
