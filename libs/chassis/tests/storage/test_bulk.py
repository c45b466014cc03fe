"""Many rows by one statement: inserted in their order, updated by key, put, deleted."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import Identity, Numeric, make_url
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as PG_UUID
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from chassis.storage.bulk import Bulk

TABLE = """create table parcel (id uuid primary key, place bigint generated always as
  identity, weight numeric(12, 4) not null, label text not null, sent_on date, extra jsonb,
  check (weight >= 0))"""


class Base(DeclarativeBase):
    type_annotation_map: ClassVar = {
        UUID: PG_UUID(as_uuid=True),
        dict[str, Any]: JSONB(none_as_null=True),
    }


class Parcel(Base):
    __tablename__ = "parcel"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    place: Mapped[int] = mapped_column(Identity(always=True))
    weight: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    label: Mapped[str]
    sent_on: Mapped[date | None]
    extra: Mapped[dict[str, Any] | None]


class Row(NamedTuple):
    id: UUID
    weight: Decimal
    label: str = ""
    sent_on: date | None = None
    extra: dict[str, Any] | None = None


class Reason(StrEnum):
    COUNTED = "counted"


class Weighed(NamedTuple):
    id: UUID
    more: Decimal
    day: date | None
    reason: Reason = Reason.COUNTED


COLUMNS = ("id", "weight", "label", "sent_on", "extra")


@pytest.fixture
async def work(sample):
    """An act with a table of parcels of its own, undone at the end."""
    role = make_url(sample.runtime_url).username
    await by_owner(sample, TABLE, f"grant select, insert, update, delete on parcel to {role}")
    async with sample.database.transaction() as work:
        yield work
        work.abandon()
    await by_owner(sample, "drop table parcel")


async def by_owner(sample, *statements):
    sql = await asyncpg.connect(sample.owner_url)
    try:
        for statement in statements:
            await sql.execute(statement)
    finally:
        await sql.close()


async def written(work, **parts):
    write = Bulk()
    for name, (rows, *more) in parts.items():
        getattr(write, name)(Parcel, rows, *more)
    await write.execute(work.sql)


async def stored(work, columns="label, weight"):
    rows = await work.sql.fetch(f"select {columns} from parcel order by place")
    return [tuple(row.values()) for row in rows]


async def test_rows_are_inserted_in_their_order_with_all_kinds_of_values(work):
    ids = [uuid4() for _ in range(50)]
    rows = [
        Row(one, Decimal(at), f"L{at}", date(2026, 1, 1), {"at": at}) for at, one in enumerate(ids)
    ]
    await written(work, insert=(rows, *COLUMNS))
    assert [one for (one,) in await stored(work, "id")] == ids
    first, *_ = await stored(work, "label, weight, sent_on, extra->>'at', place")
    assert first == ("L0", Decimal(0), date(2026, 1, 1), "0", 1)


async def test_no_value_is_null_and_not_the_json_null(work):
    await written(work, insert=([Row(uuid4(), Decimal(1))], *COLUMNS))
    assert await stored(work, "sent_on is null, extra is null") == [(True, True)]


async def test_a_column_may_have_one_value_for_all(work):
    write = Bulk()
    write.insert(
        Parcel, [Row(uuid4(), Decimal(1)), Row(uuid4(), Decimal(2))], "id", "weight", label="x"
    )
    await write.execute(work.sql)
    assert await stored(work) == [("x", Decimal(1)), ("x", Decimal(2))]


async def test_rows_are_updated_by_their_primary_key_or_by_another_one(work):
    first, second = Row(uuid4(), Decimal(1), "a"), Row(uuid4(), Decimal(2), "b")
    await written(work, insert=([first, second], *COLUMNS))
    await written(work, update=([second._replace(weight=Decimal("2.5"))], "weight"))
    assert await stored(work) == [("a", Decimal(1)), ("b", Decimal("2.5"))]
    write = Bulk()
    write.update(Parcel, [Row(uuid4(), Decimal(9), "a")], "weight", key=("label",))
    await write.execute(work.sql)
    assert await stored(work) == [("a", Decimal(9)), ("b", Decimal("2.5"))]


async def test_what_is_put_is_inserted_or_changed_and_what_is_deleted_is_gone(work):
    here = Row(uuid4(), Decimal(1), "here")
    await written(work, insert=([here], *COLUMNS))
    new = Row(uuid4(), Decimal(3), "new")
    await written(work, upsert=([here._replace(weight=Decimal(2)), new], *COLUMNS))
    assert await stored(work) == [("here", Decimal(2)), ("new", Decimal(3))]
    await written(work, delete=([here],))
    assert await stored(work) == [("new", Decimal(3))]


async def test_a_statement_of_ones_own_takes_rows_and_values(work):
    here = Row(uuid4(), Decimal(1), "here")
    await written(work, insert=([here], *COLUMNS))
    write = Bulk()
    text = """update parcel p set weight = p.weight + n.more, sent_on = n.day,
        label = {label} || n.reason
      from {rows} where p.id = n.id"""
    rows = [Weighed(here.id, Decimal("0.25"), date(2026, 2, 3))]
    write.run(text, Weighed, rows, *Weighed._fields, label="weighed, ")
    await write.execute(work.sql)
    assert await stored(work, "label, weight, sent_on") == [
        ("weighed, counted", Decimal("1.25"), date(2026, 2, 3))
    ]


async def test_a_statement_answers_of_its_rows_also_of_none(work):
    here, new = Row(uuid4(), Decimal(1), "here"), Row(uuid4(), Decimal(3), "new")
    await written(work, insert=([here], *COLUMNS))
    text = "select n.at, p.label from {rows} join parcel p on p.id = n.id order by n.at"
    rows = [Weighed(one, Decimal(0), None) for one in (uuid4(), here.id)]
    found = await Bulk().fetch(work.sql, text, Weighed, rows, "id")
    assert [tuple(one.values()) for one in found] == [(2, "here")]
    assert await Bulk().fetch(work.sql, text, Weighed, [], "id") == []
    write = Bulk()
    write.update(Parcel, [here._replace(weight=Decimal(2))], "weight")
    text = "insert into parcel (id, weight, label) select n.id, n.weight, {label} from {rows}"
    answered = await write.fetch(
        work.sql, f"{text} returning label, weight", Parcel, [new], "id", "weight", label="made"
    )
    assert [tuple(one.values()) for one in answered] == [("made", Decimal(3))]
    assert await stored(work) == [("here", Decimal(2)), ("made", Decimal(3))]


async def test_without_rows_nothing_is_sent():
    write = Bulk()
    write.insert(Parcel, [], *COLUMNS)
    write.update(Parcel, [], "weight")
    await write.execute(None)


async def test_what_the_column_refuses_is_refused_and_not_rounded(work):
    """numeric(12, 4): more digits before the point than it has are an error of the column."""
    row = Row(uuid4(), Decimal(10) ** 9)
    with pytest.raises(Exception, match="numeric field overflow"):
        await written(work, insert=([row], *COLUMNS))
