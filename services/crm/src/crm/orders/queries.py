"""Reads, locks and set-based writes of orders."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import select

from chassis.storage.bulk import Bulk
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.locking import any_of
from chassis.work.unit_of_work import Work
from crm import reach, searched
from crm.accounts.schemas import AccountView
from crm.base import Base
from crm.catalog.schemas import ProductView
from crm.orders.models import Order, OrderLine
from crm.orders.schemas import OrderQuery, OrderView
from crm.reach import OWNED_BY
from crm.sql import Sql
from records.document_types import DocumentType, custom_of
from records.filters import among, between, total_between
from records.includes import Include
from records.links import linked_to
from records.reads import Reads, columns_of, everybody, sorts_of

__all__ = [
    "ORDERS",
    "ORDER_FIELDS",
    "PUBLISHED",
    "add_order",
    "bases_of",
    "has_ordered",
    "load_for_update",
    "load_lines",
    "lock_orders",
    "lock_rows",
    "replace_lines",
    "unknown_to_erp",
]

_LINKED = """exists (select from external_reference r where r.system = 'erp'
    and r.entity_type = '{kind}' and r.entity_id = {id})"""
_UNKNOWN_TO_ERP = f"""case when customer_order.state = 'placed'
    and (coalesce(customer_order.content_history, 0), customer_order.content_version)
      > (case when customer_order.content_history is null then 0
          else coalesce((customer_order.erp ->> 'source_history')::integer,
            customer_order.content_history) end,
        coalesce((customer_order.erp ->> 'source_version')::bigint, 0))
    and {_LINKED.format(kind="account", id="customer_order.account_id")}
  then (select array_agg(distinct p.code order by p.code)
    from customer_order_line l join product p on p.id = l.product_id
    where l.order_id = customer_order.id
      and not {_LINKED.format(kind="product", id="p.id")}) end"""
"""Products that are not in the ERP yet, for which an order of a customer of the ERP waits."""

_OWES = """(select trim_scale(d.owes)::text from account_debt d
    where d.account_id = customer_order.account_id)"""
_LINES = """(select jsonb_agg(jsonb_build_object('id', l.id, 'product_id', l.product_id,
      'product_code', p.code, 'quantity', l.quantity::text, 'unit_price', l.unit_price::text,
      'discount', l.discount::text, 'net', l.net::text,
      'external_line_id', l.external_line_id) order by l.position)
    from customer_order_line l join product p on p.id = l.product_id
    where l.order_id = customer_order.id)"""


def _filters(_at: Reading, query: OrderQuery) -> list[Filter]:
    return [
        Filter("customer_order.account_id = {}", query.account_id),
        Filter(OWNED_BY.format(of="customer_order"), query.owner_id),
        among("customer_order.state", query.state),
        *between("customer_order.ordered_on", query.ordered_on_gte, query.ordered_on_lte),
        *total_between("customer_order.total", query),
        Filter("customer_order.number = {}", query.number),
        linked_to("customer_order", query.external_system, query.external_id),
    ]


def _reach(at: Reading) -> Sequence[Filter]:
    return reach.through_account(at, "read", account_id="customer_order.account_id")


def _change(at: Reading) -> Sequence[Filter]:
    return reach.through_account(at, "write", account_id="customer_order.account_id")


ORDERS = Reads(
    name="order",
    view=OrderView,
    columns=columns_of(
        OrderView,
        Order.__table__,
        customer_owes=_OWES,
        custom=custom_of("order", "customer_order.id"),
        lines=_LINES,
        waits_for=_UNKNOWN_TO_ERP,
    ),
    source="customer_order",
    visible=_reach,
    changeable=_change,
    change_scope=reach.CHANGE_ALL,
    query=OrderQuery,
    filters=_filters,
    searched=searched.ORDERS,
    subtitle="(select a.name from account a where a.id = customer_order.account_id)",
    sorts=sorts_of(
        "customer_order",
        named=False,
        texts=("number",),
        days=("ordered_on",),
        total="customer_order.total",
    ),
    key="customer_order.id",
    includes={
        "account": Include(AccountView, "account_id"),
        "products": Include(ProductView, "lines.product_id", many=True),
    },
)

ORDER_FIELDS = DocumentType(ORDERS, Base)
PUBLISHED = replace(ORDERS, visible=everybody)
"""Orders as events tell them, whoever acts or reads events."""

_LINE = (
    *("id", "order_id", "position", "product_id", "quantity", "unit_price", "discount"),
    *("net", "external_line_id"),
)
_GIVEN = (
    *("id", "created_at", "account_id", "ordered_on", "requested_on", "ship_to", "note"),
    *("currency", "state", "net", "freight", "total"),
)
_ADD_ORDER = f"""insert into customer_order (number, version, updated_at, erp_version,
    content_version, content_history, {", ".join(_GIVEN)})
  select 'O-' || lpad(s.number, greatest(6, length(s.number)), '0'), 1, n.created_at, 0, 1,
    (select epoch from installation), {", ".join(f"n.{name}" for name in _GIVEN)}
  from {{rows}}
    cross join lateral (select nextval('customer_order_number_seq')::text as number) s
  returning number, content_history"""


async def load_for_update(work: Work, order_id: UUID) -> Order | None:
    """The order, locked until the act ends."""
    return await work.session.get(Order, order_id, with_for_update=True)


async def lock_orders(work: Work, order_ids: Sequence[UUID]) -> dict[UUID, Order]:
    """The orders there are, locked in the order of their ids until the act ends."""
    ordered = select(Order).where(Order.id == any_of(order_ids)).order_by(Order.id)
    locked = ordered.with_for_update().execution_options(populate_existing=True)
    return {order.id: order for order in await work.session.scalars(locked)}


async def lock_rows(work: Work, order_ids: Sequence[UUID]) -> None:
    """Lock the orders there are, in the order of their ids, without reading them."""
    await work.sql.execute(
        "select id from customer_order where id = any($1::uuid[]) order by id for update", order_ids
    )


async def load_lines(work: Work, order_id: UUID) -> list[OrderLine]:
    """The order's lines."""
    found = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
    return list(await work.session.scalars(found))


async def add_order(work: Work, order: Order, lines: Sequence[OrderLine]) -> None:
    """Store a new order with its lines; it gets the next number, gaps are allowed."""
    bulk = Bulk()
    bulk.insert(OrderLine, lines, *_LINE)
    [row] = await bulk.fetch(work.sql, _ADD_ORDER, Order, [order], *_GIVEN)
    order.number, order.content_history = row["number"], row["content_history"]


async def replace_lines(work: Work, order_id: UUID, lines: Sequence[OrderLine]) -> None:
    """Store other lines in place of the order's."""
    await work.sql.execute("delete from customer_order_line where order_id = $1", order_id)
    work.session.expunge_all()
    bulk = Bulk()
    bulk.insert(OrderLine, lines, *_LINE)
    await bulk.execute(work.sql)


async def unknown_to_erp(sql: Sql, product_ids: Collection[UUID]) -> list[str]:
    """Codes of those of the products that the ERP does not know yet, in order."""
    linked = _LINKED.format(kind="product", id="p.id")
    rows = await sql.fetch(
        f"select code from product p where id = any($1::uuid[]) and not {linked} order by code",
        list(product_ids),
    )
    return [row["code"] for row in rows]


async def bases_of(sql: Sql, order_ids: Sequence[UUID]) -> dict[UUID, Any]:
    """The ERP's content that each of the orders is based on; None: on none."""
    rows = await sql.fetch(
        "select id, base from customer_order where id = any($1::uuid[])", list(order_ids)
    )
    return {row["id"]: row["base"] for row in rows}


async def has_ordered(sql: Sql, account_id: UUID) -> bool:
    """Whether there is an order of the account."""
    found: bool = await sql.fetchval(
        "select exists (select from customer_order where account_id = $1)", account_id
    )
    return found
