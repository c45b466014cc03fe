"""Rules of repairs, as pure functions."""
