"""Rules of staff, without database and web."""
