"""Named reads and locks of parties."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson

from chassis.storage.base import version_columns
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from erp import searched
from erp.parties.models import TAX_ID_KEY, Customer, Supplier
from erp.parties.schemas import CustomerView, PartyQuery, SupplierView
from records.links import references
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters
from values.matching import PHONE_TAIL, MatchKeys

__all__ = [
    "CUSTOMERS",
    "MOST_FOUND",
    "SUPPLIERS",
    "Wanted",
    "active_parties_with_tax_ids",
    "candidates",
    "currencies_of_price_lists",
    "matches",
    "new_customers",
    "new_suppliers",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"

_CREDIT_LIMIT = """case when credit_limit is not null
    then jsonb_build_object('amount', credit_limit::text, 'currency', currency) end"""


_NEXT = """select nextval($1::regclass) as number,
    exists (select from erased_identifier) as anybody_erased
  from generate_series(1, $2::int)"""


def _filters(table: str) -> Callable[[Reading, PartyQuery], list[Filter]]:
    """The conditions that the query puts on the table's rows."""

    def filters(_at: Reading, query: PartyQuery) -> list[Filter]:
        return [
            *record_filters(table, query),
            Filter("tax_id = {} and tax_id <> ''", query.tax_id),
            Filter("lower(email) = {} and email <> ''", query.email and query.email.lower()),
        ]

    return filters


CUSTOMERS = Reads(
    name="customer",
    view=CustomerView,
    columns=columns_of(CustomerView, Customer.__table__, credit_limit=_CREDIT_LIMIT),
    source="customer",
    visible=everybody,
    query=PartyQuery,
    filters=_filters("customer"),
    searched=searched.CUSTOMERS,
    sorts={**BY_NAME, "number": Sort("number", "text")},
)
SUPPLIERS = Reads(
    name="supplier",
    view=SupplierView,
    columns=columns_of(SupplierView, Supplier.__table__),
    source="supplier",
    visible=everybody,
    query=PartyQuery,
    filters=_filters("supplier"),
    searched=searched.SUPPLIERS,
    sorts={**BY_NAME, "number": Sort("number", "text")},
)


async def new_customers(sql: Sql, count: int) -> list[dict[str, Any]]:
    """So many numbers no customer had before, C-00001, and whether anybody was ever erased."""
    return await _next(sql, "C", "customer_number_seq", count)


async def new_suppliers(sql: Sql, count: int) -> list[dict[str, Any]]:
    """So many numbers no supplier had before, S-00001, and whether anybody was ever erased."""
    return await _next(sql, "S", "supplier_number_seq", count)


async def _next(sql: Sql, letter: str, sequence: str, count: int) -> list[dict[str, Any]]:
    rows = await sql.fetch(_NEXT, sequence, count)
    return [
        {"number": f"{letter}-{row['number']:05d}", "anybody_erased": row["anybody_erased"]}
        for row in rows
    ]


async def active_parties_with_tax_ids(
    sql: Sql, table: str, keys: Collection[str]
) -> dict[str, tuple[UUID, str]]:
    """Id and number of the active customer or supplier that has each tax id, by its key.

    Branches have it beside that one, or without any.
    """
    rows = await sql.fetch(
        f"""select {TAX_ID_KEY} as key, id, number from {table}
            where {TAX_ID_KEY} = any($1::text[]) and status = 'active' and {TAX_ID_KEY} <> ''
              and not tax_id_shared""",
        list(keys),
    )
    return {row["key"]: (row["id"], row["number"]) for row in rows}


async def currencies_of_price_lists(sql: Sql, codes: Collection[str]) -> dict[str, str]:
    """The currencies of price lists, by code; what there is not is left out."""
    rows = await sql.fetch(
        "select code, currency from price_list where code = any($1::text[])", list(codes)
    )
    return {row["code"]: row["currency"] for row in rows}


MOST_FOUND = 20
"""Candidates that are shown for one probe."""


def _same_phone(row: str) -> str:
    """The row ends in the probe's digits. A valid number is not that of another valid one."""
    return f"""right({row}.match_phone, {PHONE_TAIL}) = right(p.phone, {PHONE_TAIL})
            and {row}.match_phone <> '' and not (starts_with(p.phone, '+')
              and starts_with({row}.match_phone, '+') and {row}.match_phone <> p.phone)"""


_MATCHES = f"""with probe as (
    select at::int, tax_id, email, phone
      from unnest($1::text[], $2::text[], $3::text[])
        with ordinality as p(tax_id, email, phone, at)),
  named as (
    select (n->>'at')::int as at, n->>'name' as name,
        array(select jsonb_array_elements_text(n->'places')) as places
      from jsonb_array_elements($4::jsonb) as n),
  linked as (select * from unnest($5::int[], $6::text[], $8::text[]) as l(at, system, external_id)),
  hit as (
    select l.at, 'external_id' as reason, r.entity_id as id from linked l
      join external_reference r on r.entity_type = 'customer'
        and r.system = l.system and r.external_id = l.external_id
    union all
    select p.at, 'tax_id', f.id from probe p cross join lateral (
      select r.id from customer r where r.match_tax_id = p.tax_id and r.match_tax_id <> ''
       order by r.id limit $7) f
    union all
    select p.at, 'email', f.id from probe p cross join lateral (
      select c.id from customer c
        where c.match_email = p.email and c.match_email <> ''
        order by c.id limit $7) f
    union all
    select p.at, 'phone', f.id from probe p cross join lateral (
      select c.id from customer c where {_same_phone("c")} order by c.id limit $7) f
    union all
    select p.at, 'name_and_address', f.id from named p cross join lateral (
      select r.id from customer r where r.match_name = p.name and r.match_name <> ''
          and r.match_places && p.places order by r.id limit $7) f
    union all
    select p.at, 'name_and_address', f.id from named p cross join lateral (
      select r.id from customer r where r.match_legal_name = p.name and r.match_legal_name <> ''
          and r.match_places && p.places order by r.id limit $7) f)
  select at, id, array_agg(distinct reason) as reasons from hit group by at, id"""

_CANDIDATES = f"""select id, {version_columns(Customer.__table__)}, number, name, tax_id,
  email, phone,
  array[bill_to, ship_to] as addresses, status, {references("customer")}
  from customer where id = any($1::uuid[])"""


@dataclass(frozen=True)
class Wanted:
    """What is looked for by one probe: its keys, and its ids in other systems."""

    keys: MatchKeys
    external_refs: Sequence[tuple[str, str]]


async def matches(sql: Sql, wanted: Sequence[Wanted]) -> list[dict[UUID, list[str]]]:
    """Records that have something in common with each probe, and what, in the order asked.

    Of one kind no more are found for a probe than one more than are shown.
    """
    keys = [one.keys for one in wanted]
    named = [
        {"at": at, "name": name, "places": one.places}
        for at, one in enumerate(keys, 1)
        for name in {one.name, one.legal_name} - {""}
        if one.places
    ]
    linked = [(at, *link) for at, one in enumerate(wanted, 1) for link in one.external_refs]
    rows = await sql.fetch(
        _MATCHES,
        [one.tax_id for one in keys],
        [one.email for one in keys],
        [one.phone for one in keys],
        orjson.dumps(named).decode(),
        [at for at, _, _ in linked],
        [system for _, system, _ in linked],
        MOST_FOUND + 1,
        [external_id for _, _, external_id in linked],
    )
    found: list[dict[UUID, list[str]]] = [{} for _ in wanted]
    for row in rows:
        found[row["at"] - 1][row["id"]] = row["reasons"]
    return found


async def candidates(sql: Sql, ids: Collection[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """What those who compare see of the records."""
    rows = await sql.fetch(_CANDIDATES, list(ids))
    return {row["id"]: dict(row) for row in rows}
