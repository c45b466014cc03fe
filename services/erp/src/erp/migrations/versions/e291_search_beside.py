"""What names are found by stands beside the records, and is written only when it changes.

Folding knows more letters, points and invisible signs. Nobody writes to these tables while it runs
(docs/operations/upgrade.md); readers wait for its last moment only.

Revision ID: e291
Revises: e272
"""

from alembic import op

from chassis.storage import search_functions

revision = "e291"
down_revision = "e272"

NEW_FUNCTIONS = (search_functions.SECOND[0], *search_functions.SECOND[2:])
OF_PARTY = "number, name, sort_key, legal_name, email, tax_id, phone"
PARTY = (
    "search_number(new.number) || ' ' || search_name(new.name, new.sort_key)"
    " || ' ' || new.legal_name || ' ' || translate(new.legal_name, '-.', '')"
    " || ' ' || new.email || ' ' || search_number(new.tax_id) || ' ' || new.phone"
    " || ' ' || regexp_replace(normalize(new.phone, NFKC), '[^0-9]', '', 'g')"
)
ITEM = "search_number(new.sku) || ' ' || search_name(new.name, new.sort_key) || ' ' || new.barcode"
KEPT = {
    "customer": (OF_PARTY, PARTY),
    "supplier": (OF_PARTY, PARTY),
    "item": ("sku, name, sort_key, barcode", ITEM),
}
NUMBER = (
    "(((({0} || ' ') || replace({0}, '-', '')) || ' ')"
    " || ltrim(regexp_replace({0}, '^.*-', ''), '0'))"
)
FOLDED = {
    "ix_sales_order_search": ("sales_order", NUMBER.format("number")),
    "ix_shipment_search": (
        "shipment",
        f"(({NUMBER.format('number')} || ' ') || tracking_number)",
    ),
    "ix_invoice_number_search": (
        "invoice_number",
        NUMBER.format("((series || '-') || lpad((number)::text, 6, '0'))"),
    ),
    "ix_purchase_order_search": ("purchase_order", NUMBER.format("number")),
    "ix_purchase_receipt_search": ("purchase_receipt", NUMBER.format("number")),
    "ix_purchase_return_search": ("purchase_return", NUMBER.format("number")),
    "ix_bill_search": ("bill", NUMBER.format("supplier_number")),
    "ix_payment_search": ("payment", f"(({NUMBER.format('number')} || ' ') || reference)"),
    "ix_open_item_search": ("open_item", NUMBER.format("document_number")),
    "ix_opening_receivable_search": ("opening_receivable", NUMBER.format("number")),
    "ix_serial_search": ("serial", NUMBER.format("number")),
    "ix_stock_move_search": ("stock_move", "memo"),
    "ix_journal_entry_search": ("journal_entry", "memo"),
}
PINYIN = r"""' ' || replace(sort_key, ' ', '') || ' '
  || case when octet_length(name) > length(name)
       then regexp_replace(sort_key, '(\S)\S*\s*', '\1', 'g') else '' end"""
PARTY_BEFORE = (
    "number || ' ' || name || ' ' || legal_name || ' ' || email || ' ' || tax_id"
    " || ' ' || phone || ' ' || regexp_replace(normalize(phone, NFKC), '[^0-9]', '', 'g')"
)
BEFORE = {
    "customer": f"{PARTY_BEFORE} || {PINYIN}",
    "supplier": f"{PARTY_BEFORE} || {PINYIN}",
    "item": f"sku || ' ' || name || ' ' || barcode || {PINYIN}",
}


def upgrade() -> None:
    """Make the tables of texts, the triggers that keep them, and the indexes that fold anew."""
    op.execute(f"lock table {', '.join(KEPT)} in share row exclusive mode")
    for statement in NEW_FUNCTIONS:
        op.execute(statement)
    for table, (columns, text) in KEPT.items():
        _keep(table, columns, text)
    anew = [index for index, (table, text) in FOLDED.items() if _differs(table, text)]
    for index in anew:
        _make_index(f"{index}_anew", *FOLDED[index])
    for index in anew:
        op.execute(f"drop index {index}")
        op.execute(f"alter index {index}_anew rename to {index}")
    for table in KEPT:
        op.execute(f"drop index ix_{table}_search")
        column = "alter column search drop expression, alter column search set default ''"
        op.execute(f"alter table {table} {column}")


def downgrade() -> None:
    """Keep the texts in the records again."""
    for table in KEPT:
        op.execute(f"drop trigger {table}_search_of_new on {table}")
        op.execute(f"drop trigger {table}_search_of_changed on {table}")
        op.execute(f"drop function keep_{table}_search()")
        op.execute(f"drop table {table}_search")
        op.execute(f"alter table {table} drop column search")
    op.execute(search_functions.FIRST[0].replace("create function", "create or replace function"))
    for statement in search_functions.SECOND_GONE[:2]:
        op.execute(statement)
    for table, text in BEFORE.items():
        column = f"search text not null generated always as (search_fold({text})) stored"
        op.execute(f"alter table {table} add column {column}")
        op.execute(f"create index ix_{table}_search on {table} using gin (search_grams(search))")
    for index in FOLDED:
        op.execute(f"reindex index {index}")


def _keep(table: str, columns: str, text: str) -> None:
    op.execute(
        f"""create table {table}_search (
          {table}_id uuid not null,
          search text not null,
          constraint pk_{table}_search primary key ({table}_id),
          constraint fk_{table}_search_{table}_id_{table}
            foreign key ({table}_id) references {table} (id) on delete cascade)"""
    )
    folded = f"select new.id, search_fold({text}) from {table} as new"
    op.execute(f"insert into {table}_search ({table}_id, search) {folded}")
    op.execute(
        f"create index ix_{table}_search_search on {table}_search using gin (search_grams(search))"
    )
    for statement in search_functions.kept_beside(table, columns, text):
        op.execute(statement)
    op.execute(f"analyze {table}_search")


def _differs(table: str, text: str) -> bool:
    """Whether a text may be folded otherwise now: it has a sign outside ASCII, or an apostrophe."""
    condition = f"octet_length({text}) <> length({text}) or {text} ~ '[''`]'"
    found = op.get_bind().exec_driver_sql(f"select exists (select from {table} where {condition})")
    return bool(found.scalar())


def _make_index(name: str, table: str, text: str) -> None:
    op.execute(f"create index {name} on {table} using gin (search_grams(search_fold({text})))")
