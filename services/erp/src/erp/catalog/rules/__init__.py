"""Arithmetic of the catalog, free of database and web."""
