"""Reads, locks and set-based writes of orders."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from chassis.http.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.work import Work
from crm.links import references
from crm.orders.models import Order, OrderLine
from crm.orders.schemas import OrderView
from crm.sql import Sql

__all__ = [
    "add_lines",
    "for_update",
    "lines_of",
    "next_number",
    "order_page",
    "order_view",
    "products",
    "replace_lines",
]

_VIEW = f"""customer_order.id, customer_order.version, customer_order.number,
  customer_order.account_id, customer_order.ordered_on, customer_order.requested_on,
  customer_order.ship_to, customer_order.note, customer_order.currency, customer_order.state,
  customer_order.net, customer_order.freight, customer_order.total, customer_order.erp,
  customer_order.created_at, customer_order.updated_at,
  (select trim_scale(d.owes)::text from account_debt d
    where d.account_id = customer_order.account_id) as customer_owes,
  (select jsonb_agg(jsonb_build_object('id', l.id, 'product_id', l.product_id,
      'product_code', p.code, 'quantity', l.quantity::text, 'unit_price', l.unit_price::text,
      'discount', l.discount::text, 'net', l.net::text) order by l.position)
    from customer_order_line l join product p on p.id = l.product_id
    where l.order_id = customer_order.id) as lines,
  {references("customer_order")}"""

_PRODUCTS = """select id, code, currency from product
  where id = any($1::uuid[]) or code = any($2::text[])"""


async def next_number(sql: Sql) -> str:
    """The next order number; gaps are allowed."""
    number: int = await sql.fetchval("select nextval('customer_order_number_seq')")
    return f"O-{number:06}"


async def products(sql: Sql, ids: Sequence[UUID], codes: Sequence[str]) -> list[Mapping[str, Any]]:
    """Products by id or code."""
    return list(await sql.fetch(_PRODUCTS, list(ids), list(codes)))


async def for_update(work: Work, order_id: UUID) -> Order | None:
    """The order, locked until the act ends."""
    return await work.session.get(Order, order_id, with_for_update=True)


async def lines_of(work: Work, order_id: UUID) -> list[OrderLine]:
    """The order's lines."""
    found = select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.position)
    return list(await work.session.scalars(found))


async def add_lines(work: Work, lines: Sequence[OrderLine]) -> None:
    """Store lines."""
    work.session.add_all(lines)
    await work.flush()


async def replace_lines(work: Work, order_id: UUID, lines: Sequence[OrderLine]) -> None:
    """Store other lines in place of the order's."""
    await work.session.execute(delete(OrderLine).where(OrderLine.order_id == order_id))
    work.session.expunge_all()
    await add_lines(work, lines)


async def order_view(sql: Sql, order_id: UUID) -> OrderView | None:
    """The order as callers see it."""
    row = await sql.fetchrow(f"select {_VIEW} from customer_order where id = $1", order_id)
    return OrderView.model_validate(dict(row)) if row else None


async def order_page(sql: Sql, asked: PageQuery, filters: Sequence[Filter]) -> Page[OrderView]:
    """One page of orders, the newest first."""
    return await fetch_page(
        sql,
        columns=_VIEW,
        source="customer_order",
        where=filters,
        sorts={
            "created_at": Sort("customer_order.created_at", "timestamptz"),
        },
        default="-created_at",
        asked=asked,
        key="customer_order.id",
        view=lambda row: OrderView.model_validate(dict(row)),
    )
