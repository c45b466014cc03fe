"""Fixtures and tools for tests; nothing here is imported by a running service."""
