"""Rules of the catalog, without database and web."""
