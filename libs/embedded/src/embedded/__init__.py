"""A PostgreSQL in a data folder: for one machine, tests and benches. Production has a server."""
