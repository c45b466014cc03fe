"""Named reads and locks of price lists and prices."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select

from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from erp import searched
from erp.catalog.models import Price, PriceList
from erp.catalog.schemas import ItemView, PriceListView, PriceQuery, PriceView
from erp.sql import Sql
from records.includes import Include
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters, sorts_of
from records.tagged import Tagged
from values.money import UnitPrice
from values.prices import PriceStep
from values.units import Ratio

Row = Mapping[str, Any]


def _filters(_at: Reading, query: PriceQuery) -> list[Filter]:
    """The conditions that the query puts on prices."""
    return [
        *record_filters("price", query),
        Filter("price.item_id = {}", query.item_id),
        Filter("price.item_id = (select id from item where sku = {})", query.sku),
        Filter(
            "price.price_list_id = (select id from price_list where code = {})", query.price_list
        ),
        Filter("daterange(price.valid_from, price.valid_to, '[]') @> {}::date", query.valid_on),
    ]


PRICE_LISTS = Reads(
    name="price_list",
    view=PriceListView,
    columns=columns_of(PriceListView, PriceList.__table__),
    source="price_list",
    visible=everybody,
    query=Tagged,
    searched=searched.PRICE_LISTS,
    sorts={**BY_NAME, "code": Sort("code", "text")},
    default_sort="name",
)
PRICES = Reads(
    name="price",
    view=PriceView,
    columns=columns_of(
        PriceView,
        Price.__table__,
        sku="item.sku",
        price_list="price_list.code",
        price="""jsonb_build_object('amount', price.amount::text, 'currency',
          price_list.currency)""",
    ),
    source="""price join item on item.id = price.item_id
      join price_list on price_list.id = price.price_list_id""",
    key="price.id",
    visible=everybody,
    query=PriceQuery,
    filters=_filters,
    searched=searched.PRICES,
    title="item.sku",
    subtitle="item.name",
    sorts=sorts_of("price", named=False),
    includes={
        "item": Include(ItemView, "item_id"),
        "price_list": Include(PriceListView, "price_list", by="code"),
    },
)


CLASHES = """daterange(valid_from, valid_to, '[]') && daterange({begin}, {end}, '[]')
  and (valid_to - valid_from is null) = ({end} - {begin} is null)
  and (valid_to - valid_from is null
    or daterange(valid_from, valid_to, '[]') = daterange({begin}, {end}, '[]')
    or not (daterange(valid_from, valid_to, '[]') @> daterange({begin}, {end}, '[]')
      or daterange(valid_from, valid_to, '[]') <@ daterange({begin}, {end}, '[]')))"""
"""Whether a price and another period leave open which holds."""


async def counted_item(sql: Sql, sku: str | None, item_id: UUID | None) -> Row | None:
    """Id, unit and decimals of the item with the SKU; where none is named, of that with the id."""
    by_sku, by_id = "item.sku = $1 and $2::uuid is null", "item.id = $2 and $1::text is null"
    return await sql.fetchrow(
        f"""select item.id, item.unit, unit.decimals from item join unit on unit.code = item.unit
             where {by_sku if sku else by_id}""",
        sku,
        None if sku else item_id,
    )


async def price_lists_and_default(
    sql: Sql, codes: Collection[str]
) -> tuple[dict[str, PriceListView], PriceListView | None]:
    """Price lists by code, what there is not left out; and the default one."""
    rows = await sql.fetch(
        f"select {PRICE_LISTS.columns} from price_list where code = any($1::text[]) or is_default",
        list(codes),
    )
    lists = [_price_list(row) for row in rows]
    default = next((one for one in lists if one.is_default), None)
    return {one.code: one for one in lists if one.code in codes}, default


async def price_list_of_customer(sql: Sql, customer_id: UUID) -> tuple[str | None] | None:
    """Code of the customer's own price list, if it has one; None: there is no such customer."""
    row = await sql.fetchrow("select price_list from customer where id = $1", customer_id)
    return (row["price_list"],) if row else None


def _price_list(row: Row) -> PriceListView:
    return PriceListView.model_validate(dict(row))


async def price_list(sql: Sql, code: str | None) -> PriceListView | None:
    """The price list with the code; the default one where none is named."""
    by_code, default = "where code = $1", "where is_default and $1::text is null"
    row = await sql.fetchrow(
        f"select {PRICE_LISTS.columns} from price_list {by_code if code else default}", code
    )
    return _price_list(row) if row else None


async def price_lists_for_update(work: Work, price_list_id: UUID) -> list[PriceList]:
    """The list and the default one, their rows locked in key order."""
    wanted = select(PriceList).where((PriceList.id == price_list_id) | PriceList.is_default)
    locking = wanted.order_by(PriceList.id).with_for_update(key_share=True)
    found = await work.session.execute(locking.execution_options(populate_existing=True))
    return list(found.scalars())


async def overlapping_price(sql: Sql, price: Price) -> UUID | None:
    """Another active price from the same quantity on that leaves open which holds on a day.

    Of two with a first and a last day, one may lie within the other; with one that is open they
    never clash.
    """
    found: UUID | None = await sql.fetchval(
        f"""select id from price
            where item_id = $1 and price_list_id = $2 and min_quantity = $3
              and status = 'active' and id <> $6
              and {CLASHES.format(begin="$4::date", end="$5::date")}
            order by id limit 1""",
        price.item_id,
        price.price_list_id,
        price.min_quantity,
        price.valid_from,
        price.valid_to,
        price.id,
    )
    return found


async def names_of(sql: Sql, prices: Sequence[Price]) -> dict[UUID, Row]:
    """Of each price's item and list: sku, unit with its decimals, price_list, currency."""
    rows = await sql.fetch(
        """select priced.id, item.sku, item.unit, unit.decimals, price_list.code as price_list,
                  price_list.currency
             from unnest($1::uuid[], $2::uuid[], $3::uuid[]) as priced(id, item_id, list_id)
             join item on item.id = priced.item_id join unit on unit.code = item.unit
             join price_list on price_list.id = priced.list_id""",
        [price.id for price in prices],
        [price.item_id for price in prices],
        [price.price_list_id for price in prices],
    )
    return {row["id"]: row for row in rows}


async def priced_item(sql: Sql, sku: str, unit: str | None) -> Row | None:
    """The item's id, own unit with its decimals, and the ratio of another unit to it."""
    return await sql.fetchrow(
        """select item.id, item.unit, own.decimals, other.numerator, other.denominator
             from item join unit own on own.code = item.unit
             left join item_unit other on other.item_id = item.id and other.unit = $2
            where item.sku = $1""",
        sku,
        unit,
    )


async def price_steps(
    sql: Sql,
    item_ids: Sequence[UUID],
    lists: Collection[PriceListView],
    *,
    between: tuple[date, date],
) -> defaultdict[tuple[UUID, UUID], list[PriceStep]]:
    """The active prices by item and list that hold on one of the days, first and last."""
    currencies = {listed.id: listed.currency for listed in lists}
    rows = await sql.fetch(
        """select item_id, price_list_id, id, min_quantity, valid_from, valid_to, amount from price
            where item_id = any($1::uuid[]) and price_list_id = any($2::uuid[])
              and status = 'active'
              and daterange(valid_from, valid_to, '[]') && daterange($3::date, $4::date, '[]')""",
        item_ids,
        list(currencies),
        *between,
    )
    found = defaultdict[tuple[UUID, UUID], list[PriceStep]](list)
    for row in rows:
        found[row["item_id"], row["price_list_id"]].append(
            PriceStep(
                id=row["id"],
                min_quantity=row["min_quantity"],
                price=UnitPrice(row["amount"], currencies[row["price_list_id"]]),
                valid_from=row["valid_from"],
                valid_to=row["valid_to"],
            )
        )
    return found


def ratio_of(row: Row) -> Ratio | None:
    """The ratio of the other unit, where the item has one."""
    return Ratio(row["numerator"], row["denominator"]) if row["numerator"] else None
