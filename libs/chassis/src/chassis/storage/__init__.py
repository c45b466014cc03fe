"""PostgreSQL: connections, the transaction of one request, entities, migrations."""
