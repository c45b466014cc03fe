"""Events in an outbox without the acts that would have made them."""

from typing import Any
from uuid import UUID

import asyncpg
import orjson

from chassis.ids import uuid7
from crm.accounts.events import AccountChanged
from crm.accounts.models import Account
from records.types import Change, changed_fields
from values.address import Address

__all__ = ["fill", "message", "payload"]

AGGREGATES = 1000
_FILL = """insert into outbox (id, topic, type, aggregate_type, aggregate_id, aggregate_version,
    occurred_at, origin, correlation_id, hops, traceparent, actor, payload)
  select id, 'crm.account.v1', 'tandem.crm.account-changed.v1', 'account', aggregate, version,
    now(), 'crm', id, 0, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'system:bench',
    $4::jsonb
  from unnest($1::uuid[], $2::uuid[], $3::bigint[]) with ordinality
    as told(id, aggregate, version, place) order by place"""


def payload() -> str:
    """An event of an account as the CRM writes it."""
    account = Account(
        id=uuid7(),
        version=1,
        name="Canal Street Coffee",
        kind="company",
        stage="customer",
        tax_id="",
        email="orders@canal.example",
        phone_raw="+86 512 5550 0134",
        phone_e164="+8651255500134",
        phone_digits="8651255500134",
        website="https://canal.example",
        industry="",
        segment="",
        language="",
        currency="CNY",
        billing_address=Address(),
        shipping_address=Address(line1="1 Canal Street", city="Suzhou", country="CN"),
        status="active",
    )
    changed = changed_fields(AccountChanged, Change(account, {}, is_new=True))
    return AccountChanged.of(account, changed).model_dump_json()


async def fill(url: str, count: int) -> None:
    """Store so many committed events of a thousand accounts at once."""
    sql = await asyncpg.connect(url)
    ids = [uuid7() for _ in range(count)]
    aggregates = [uuid7() for _ in range(AGGREGATES)]
    try:
        await sql.execute(
            _FILL,
            ids,
            [aggregates[number % AGGREGATES] for number in range(count)],
            [1 + number // AGGREGATES for number in range(count)],
            payload(),
        )
    finally:
        await sql.close()


async def message(sql: "asyncpg.Connection[Any]") -> UUID:
    """One committed event, of which a listener at `bench` is told."""
    record = uuid7()
    async with sql.transaction():
        await sql.execute(_FILL, [record], [record], [1], _ONE)
        await sql.execute(f"notify bench, '{record}'")
    return record


_ONE = orjson.dumps({"name": "Canal Street Coffee"}).decode()
