"""Reads and writes of repair orders."""
