"""The acts on production orders."""
