"""Rules of production, as pure functions."""
