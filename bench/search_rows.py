"""Rows to search among: a firm's parties, items and documents, so many of each, by SQL."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

from chassis.storage.searching import Kept

__all__ = ["CRM", "ERP", "fill", "with_texts"]

# Keys are in the order of their rows, as UUIDs of version 7 are.
_PREPARED = """
create function pg_temp.key(kind text, n bigint) returns uuid immutable language sql as
  $$ select ('0189' || substr(md5(kind), 1, 4) || '-0000-7000-8000-' ||
    lpad(to_hex(n), 12, '0'))::uuid $$;
create temp table party as
  select n, substr(a, 1 + n % 9, 1) || substr(b, 1 + n / 9 % 9, 1) || chr(20000 + n * 7 % 900)
      || substr(c, 1 + n / 81 % 5 * 2, 2) || '有限公司 ' || substr(md5(n::text), 1, 8) as name,
    'hai gang mao yi you xian gong si ' || substr(md5(n::text), 1, 8) as pinyin,
    substr(md5(n::text), 1, 8) || '@example.com' as email,
    (13000000000 + n::bigint * 7919 % 999999999)::text as phone
  from generate_series(1, COUNT) n, (select '海蓝绿金银天地山水'::text as a,
    '港湾城江河湖州岛云'::text as b, '贸易科技食品机电建材'::text as c) parts;
create temp table made as select n, lpad(n::text, 6, '0') as number, 1 as version,
    now() - (COUNT - n) * interval '1 s' as created, now() as updated, date '2026-01-05' as day,
    1 + n * 7919::bigint % COUNT as party, 1 + n * 7919::bigint % TENTH as tenth
  from generate_series(1, COUNT) n;
create temp table line as select 2 * n + at as id, n, at, case at when 0 then 1 + n * 31 % TENTH
    else 1 + n % 100 end as item from generate_series(1, COUNT) n, generate_series(0, 1) at
"""
"""One line of a document is of any item, one of the hundred that many documents have."""

Rows = Mapping[str, tuple[str, str]]

_LINK = "entity_type, system, external_id, entity_id, source_version, updated_at"


def _linked(table: str, kind: str) -> str:
    return f"""'{table}', 'shop', 'S-' || n, pg_temp.key('{kind}', n), 1, updated from made"""


CRM: Rows = {
    "account": (
        """id, version, created_at, updated_at, name, sort_key, email, email_key, phone_raw,
        phone_e164, phone_digits, status, kind, stage, tax_id, website, industry, segment, language,
        currency, billing_address, shipping_address, erp_dunning_block""",
        """pg_temp.key('account', n), version, created, updated, name, pinyin, email, email, phone,
        '', phone, 'active', 'company', 'customer', 'T' || n, '', '', '', '', 'CNY', '{}', '{}',
        false from made join party using (n)""",
    ),
    "product": (
        """id, version, created_at, updated_at, code, name, sort_key, description, category, unit,
        active, currency, master""",
        """pg_temp.key('product', n), version, created, updated, 'P-' || n, name, pinyin, '', '',
        'PCS', true, 'CNY', 'own' from made join party using (n) where n <= TENTH""",
    ),
    "customer_order": (
        """id, version, created_at, updated_at, number, account_id, ordered_on, ship_to, note,
        currency, state, net, freight, total, erp_version""",
        """pg_temp.key('order', n), version, created, updated, 'CO-' || number,
        pg_temp.key('account', party), day, '{}', '', 'CNY', 'placed', 2, 0, 2, 0 from made""",
    ),
    "customer_order_line": (
        "id, order_id, position, product_id, quantity, unit_price, discount, net",
        """pg_temp.key('order_line', id), pg_temp.key('order', n), at,
        pg_temp.key('product', item), 1, 1, 0, 1 from line""",
    ),
    "external_reference": (
        _LINK,
        f"{_linked('account', 'account')} union all select {_linked('customer_order', 'order')}",
    ),
}
_PARTY = """id, version, created_at, updated_at, number, name, sort_key, legal_name, tax_id, email,
  phone, website, language, currency, payment_terms_days, status"""
_HEAD = "id, version, created_at, updated_at"
_MADE = "version, created, updated"

ERP: Rows = {
    "customer": (
        f"{_PARTY}, bill_to, ship_to, dunning_block",
        f"""pg_temp.key('customer', n), {_MADE}, 'B-' || n, name, pinyin, '', 'T' || n, email,
        phone, '', '', 'CNY', 30, 'active', '{{}}', '{{}}', false
        from made join party using (n)""",
    ),
    "supplier": (
        f"{_PARTY}, address",
        f"""pg_temp.key('supplier', n), {_MADE}, 'V-' || n, name, pinyin, '', 'T' || n, email,
        phone, '', '', 'CNY', 30, 'active', '{{}}'
        from made join party using (n) where n <= TENTH""",
    ),
    "item": (
        f"""{_HEAD}, sku, name, sort_key, description, kind, tracking, unit, barcode, sold, bought,
        status""",
        f"""pg_temp.key('item', n), {_MADE}, 'P-' || n, name, pinyin, '', 'goods', 'none', 'C62',
        '', true, true, 'active' from made join party using (n) where n <= TENTH""",
    ),
    "sales_order": (
        f"""{_HEAD}, number, customer_id, currency, ordered_on, ship_to, note, state, reason, net,
        charges, invoiced, paid""",
        f"""pg_temp.key('sale', n), {_MADE}, 'SO-' || number, pg_temp.key('customer', party), 'CNY',
        day, '{{}}', '', 'completed', '', 2, 0, 2, 0 from made""",
    ),
    "sales_order_line": (
        """id, order_id, position, external_line_id, item_id, description, quantity, unit_price,
        discount, net, shipped, returned, invoiced, credited""",
        """pg_temp.key('sale_line', id), pg_temp.key('sale', n), at, '', pg_temp.key('item', item),
        '', 1, 1, 0, 1, 1, 0, 1, 0 from line""",
    ),
    "shipment": (
        f"{_HEAD}, number, order_id, kind, shipped_on, carrier, tracking_number",
        f"""pg_temp.key('shipment', n), {_MADE}, 'SH-' || number, pg_temp.key('sale', n),
        'delivery', day, 'SF', 'T' || substr(md5(n::text), 1, 10) from made""",
    ),
    "shipment_line": (
        "id, shipment_id, order_line_id, quantity",
        """pg_temp.key('shipment_line', id), pg_temp.key('shipment', n),
        pg_temp.key('sale_line', id), 1 from line""",
    ),
    "invoice": (
        f"""{_HEAD}, kind, state, customer_id, order_id, effective_on, due_on, currency, net, tax,
        gross, open_amount, credited, reason""",
        f"""pg_temp.key('invoice', n), {_MADE}, 'invoice', 'issued', pg_temp.key('customer', party),
        pg_temp.key('sale', n), day, day, 'CNY', 2, 0, 2, 2, 0, '' from made""",
    ),
    "invoice_number": (
        "invoice_id, series, number",
        "pg_temp.key('invoice', n), 'INV-2026', n from made",
    ),
    "invoice_line": (
        """id, invoice_id, position, role, order_line_id, item_id, description, quantity,
        unit_price, discount, net, tax_code, credited_quantity, credited_net""",
        """pg_temp.key('invoice_line', id), pg_temp.key('invoice', n), at, 'goods',
        pg_temp.key('sale_line', id), pg_temp.key('item', item), '', 1, 1, 0, 1, 'none', 0, 0
        from line""",
    ),
    "purchase_order": (
        f"{_HEAD}, number, supplier_id, state, ordered_on",
        f"""pg_temp.key('purchase', n), {_MADE}, 'PO-' || number, pg_temp.key('supplier', tenth),
        'received', day from made""",
    ),
    "purchase_order_line": (
        """id, purchase_order_id, position, item_id, quantity, unit_price, due_on, received,
        received_value, billed, billed_value""",
        """pg_temp.key('purchase_line', id), pg_temp.key('purchase', n), at,
        pg_temp.key('item', item), 1, 1, date '2026-01-05', 1, 1, 1, 1 from line""",
    ),
    "purchase_receipt": (
        "id, number, purchase_order_id, effective_on, recorded_at, actor",
        """pg_temp.key('receipt', n), 'GR-' || number, pg_temp.key('purchase', n), day, created,
        'bench' from made""",
    ),
    "purchase_receipt_line": (
        """id, purchase_receipt_id, position, order_line_id, item_id, quantity, value, serials,
        returned, returned_value""",
        """pg_temp.key('receipt_line', id), pg_temp.key('receipt', n), at,
        pg_temp.key('purchase_line', id), pg_temp.key('item', item), 1, 1, '{}', 0, 0 from line""",
    ),
    "bill": (
        f"""{_HEAD}, supplier_id, supplier_number, year, purchase_order_id, effective_on, due_on,
        currency, net, tax, gross, received, number_key""",
        f"""pg_temp.key('bill', n), {_MADE}, pg_temp.key('supplier', tenth), 'R-' || number, 2026,
        pg_temp.key('purchase', n), day, day, 'CNY', 2, 0, 2, 2, 'r' || number from made""",
    ),
    "bill_line": (
        "id, bill_id, position, order_line_id, quantity, unit_price, net, received",
        """pg_temp.key('bill_line', id), pg_temp.key('bill', n), at,
        pg_temp.key('purchase_line', id), 1, 1, 1, 1 from line""",
    ),
    "payment": (
        f"""{_HEAD}, number, kind, direction, party_id, effective_on, amount, unallocated,
        reference""",
        f"""pg_temp.key('payment', n), {_MADE}, 'PAY-' || number, 'payment', 'in',
        pg_temp.key('customer', party), day, 2, 2, 'Ref ' || substr(md5(n::text), 1, 10)
        from made""",
    ),
    "external_reference": (
        _LINK,
        f"{_linked('customer', 'customer')} union all select {_linked('sales_order', 'sale')}",
    ),
}

_INDEXES = """select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as made
  from pg_index where indrelid = $1::text::regclass and not indisunique"""


def with_texts(rows: Rows, kept: Iterable[Kept]) -> Rows:
    """Tables of texts after the tables that they stand beside."""
    beside = {
        one.table: (
            f"{one.table}_id, search",
            f"new.id, search_fold({one.text}) from {one.table} as new",
        )
        for one in kept
    }
    found: dict[str, tuple[str, str]] = {}
    for table, values in rows.items():
        found[table] = values
        if table in beside:
            found[f"{table}_search"] = beside[table]
    return found


async def fill(sql: Any, rows: Rows, count: int) -> None:
    """Make the rows of each table, its indexes afterwards. The connection is a superuser's."""
    sizes = {"COUNT": str(count), "TENTH": str(count // 10)}
    await sql.execute(_sized(_PREPARED, sizes))
    # No checks of foreign keys, nor of what keeps documents as they are: nothing is left out here.
    await sql.execute("set session_replication_role = replica")
    for table, (columns, values) in rows.items():
        began = time.perf_counter()
        indexes = await sql.fetch(_INDEXES, table)
        for index in indexes:
            await sql.execute(f"drop index {index['name']}")
        made = await sql.execute(f"insert into {table} ({columns}) select {_sized(values, sizes)}")
        filled = time.perf_counter()
        for index in indexes:
            await sql.execute(index["made"])
        await sql.execute(f"vacuum analyze {table}")
        took = f"{filled - began:.0f} s, its indexes {time.perf_counter() - filled:.0f} s"
        print(f"{table}: {made.rpartition(' ')[2]} rows in {took}", flush=True)
    await sql.execute("set session_replication_role = origin")


def _sized(text: str, sizes: Mapping[str, str]) -> str:
    for name, size in sizes.items():
        text = text.replace(name, size)
    return text
