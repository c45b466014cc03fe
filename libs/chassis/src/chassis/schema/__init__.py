"""The schema of a service's database: its migrations, and the tables that all services have."""
