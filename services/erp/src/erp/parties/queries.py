"""Named reads and locks of parties."""

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.base import version_columns
from erp.links import linked_to, references
from erp.parties.models import Customer, Supplier
from erp.parties.schemas import CustomerView, PartyQuery, SupplierView
from erp.searching import containing

__all__ = [
    "active_customers_with_tax_ids",
    "customer_page",
    "customer_view",
    "next_customer_numbers",
    "next_supplier_numbers",
    "supplier_page",
    "supplier_view",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"

_COMMON = """id, number, name, legal_name, tax_id, email, phone, website, language, currency,
  payment_terms_days, status, created_at, updated_at"""

CUSTOMER = f"""{_COMMON}, {version_columns(Customer.__table__)}, bill_to, ship_to, dunning_block,
  case when credit_limit is not null
    then jsonb_build_object('amount', credit_limit::text, 'currency', currency)
  end as credit_limit, {references("customer")}"""

SUPPLIER = f"""{_COMMON}, {version_columns(Supplier.__table__)},
  address, {references("supplier")}"""

_SORTS = {
    "created_at": Sort("created_at", "timestamptz"),
    "updated_at": Sort("updated_at", "timestamptz"),
    "name": Sort("sort_key", "text"),
}


def _wanted(table: str, query: PartyQuery) -> list[Filter]:
    """The conditions that the query puts on the table's rows."""
    return [
        Filter("status = {}", query.status),
        Filter("search like {}", containing(query.q)),
        Filter("tax_id = {} and tax_id <> ''", query.tax_id),
        Filter("lower(email) = {} and email <> ''", query.email and query.email.lower()),
        linked_to(table, query.external_system, query.external_id),
    ]


async def customer_page(sql: Sql, query: PartyQuery, asked: PageQuery) -> Page[CustomerView]:
    """One page of the customers wanted, the newest first."""
    return await fetch_page(
        sql,
        columns=CUSTOMER,
        source="customer",
        view=_customer,
        sorts=_SORTS,
        default="-created_at",
        asked=asked,
        where=_wanted("customer", query),
    )


async def supplier_page(sql: Sql, query: PartyQuery, asked: PageQuery) -> Page[SupplierView]:
    """One page of the suppliers wanted, the newest first."""
    return await fetch_page(
        sql,
        columns=SUPPLIER,
        source="supplier",
        view=_supplier,
        sorts=_SORTS,
        default="-created_at",
        asked=asked,
        where=_wanted("supplier", query),
    )


async def customer_view(sql: Sql, customer_id: UUID) -> CustomerView | None:
    """The customer as callers see it."""
    row = await sql.fetchrow(f"select {CUSTOMER} from customer where id = $1", customer_id)
    return _customer(row) if row else None


async def supplier_view(sql: Sql, supplier_id: UUID) -> SupplierView | None:
    """The supplier as callers see it."""
    row = await sql.fetchrow(f"select {SUPPLIER} from supplier where id = $1", supplier_id)
    return _supplier(row) if row else None


def _customer(row: Mapping[str, Any]) -> CustomerView:
    return CustomerView.model_validate(dict(row))


def _supplier(row: Mapping[str, Any]) -> SupplierView:
    return SupplierView.model_validate(dict(row))


async def next_customer_numbers(sql: Sql, count: int) -> list[str]:
    """So many numbers no customer had before: C-00001."""
    return [f"C-{number:05d}" for number in await _next(sql, "customer_number_seq", count)]


async def next_supplier_numbers(sql: Sql, count: int) -> list[str]:
    """So many numbers no supplier had before: S-00001."""
    return [f"S-{number:05d}" for number in await _next(sql, "supplier_number_seq", count)]


async def _next(sql: Sql, sequence: str, count: int) -> list[int]:
    rows = await sql.fetch(
        "select nextval($1::regclass) as number from generate_series(1, $2::int)", sequence, count
    )
    return [row["number"] for row in rows]


async def active_customers_with_tax_ids(
    sql: Sql, tax_ids: Collection[str]
) -> dict[str, tuple[UUID, str]]:
    """Id and number of the active customer that has each tax id."""
    rows = await sql.fetch(
        """select tax_id, id, number from customer
            where tax_id = any($1::text[]) and status = 'active' and tax_id <> ''""",
        list(tax_ids),
    )
    return {row["tax_id"]: (row["id"], row["number"]) for row in rows}
