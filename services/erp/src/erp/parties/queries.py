"""Named reads and locks of parties."""

from collections.abc import Mapping
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import asyncpg
from sqlalchemy import select

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.work import Work
from erp.links import linked_to, references
from erp.parties.models import Customer, Supplier
from erp.parties.schemas import CustomerView, PartyQuery, SupplierView
from erp.searching import containing

__all__ = [
    "active_customer_with_tax_id",
    "customer_page",
    "customer_view",
    "for_update",
    "next_customer_number",
    "next_supplier_number",
    "supplier_page",
    "supplier_view",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"
P = TypeVar("P", Customer, Supplier)

_COMMON = """id, number, name, legal_name, tax_id, email, phone, website, language, currency,
  payment_terms_days, status, version, created_at, updated_at"""

CUSTOMER = f"""{_COMMON}, bill_to, ship_to, dunning_block,
  case when credit_limit is not null
    then jsonb_build_object('amount', credit_limit::text, 'currency', currency)
  end as credit_limit, {references("customer")}"""

SUPPLIER = f"""{_COMMON}, address, {references("supplier")}"""

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


async def for_update(work: Work, kind: type[P], party_id: UUID) -> P | None:
    """The customer or supplier, its row locked until the act ends."""
    wanted = select(kind).where(kind.id == party_id).with_for_update(key_share=True)
    return (await work.session.execute(wanted)).scalar_one_or_none()


async def next_customer_number(sql: Sql) -> str:
    """A number no customer had before: C-00001."""
    number: int = await sql.fetchval("select nextval('customer_number_seq')")
    return f"C-{number:05d}"


async def next_supplier_number(sql: Sql) -> str:
    """A number no supplier had before: S-00001."""
    number: int = await sql.fetchval("select nextval('supplier_number_seq')")
    return f"S-{number:05d}"


async def active_customer_with_tax_id(
    sql: Sql, tax_id: str, *, other_than: UUID
) -> tuple[UUID, str] | None:
    """Id and number of another active customer with the tax id."""
    row = await sql.fetchrow(
        """select id, number from customer
            where tax_id = $1 and status = 'active' and tax_id <> '' and id <> $2""",
        tax_id,
        other_than,
    )
    return (row["id"], row["number"]) if row else None
