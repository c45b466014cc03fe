"""Rules of accounts, without database and web."""
