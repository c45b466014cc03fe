"""What documents belong to is looked up by an index, however many there are."""

UNINDEXED = """select c.conrelid::regclass || '.' || a.attname as found
  from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
  where c.contype = 'f' and cardinality(c.conkey) = 1
    and c.confrelid = any($1::text[]::regclass[])
    and not exists (select from pg_index i where i.indrelid = c.conrelid
      and i.indkey[0] = c.conkey[1]
      and (i.indpred is null
        or pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname)))
  order by 1"""

PARTIES = ["customer", "supplier"]
DOCUMENTS = ["sales_order", "shipment", "invoice", "purchase_order", "purchase_receipt", "bill"]
LINES = [f"{table}_line" for table in DOCUMENTS]
NEVER_ASKED = ["purchase_suggestion.order_line_id"]
"""Nobody asks which suggestion became a line, and lines of orders are never deleted."""


async def test_whoever_asks_by_party_document_or_line_has_an_index(desk):
    tables = [*PARTIES, *DOCUMENTS, *LINES]
    async with desk.erp.database.reading() as reading:
        rows = await reading.sql.fetch(UNINDEXED, tables)
    assert [row["found"] for row in rows] == NEVER_ASKED
