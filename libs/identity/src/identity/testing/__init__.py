"""A service under test, with callers of its own."""
