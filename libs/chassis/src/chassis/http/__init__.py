"""The edge: routes, problems, idempotency, revisions, paging, health."""
