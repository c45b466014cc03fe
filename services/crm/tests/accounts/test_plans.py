"""Lists over many accounts are read by their indexes, under the plans that the service uses."""

from zoneinfo import ZoneInfo

import asyncpg
import orjson
import pytest

from chassis.storage.connections import driver_url
from chassis.storage.paging import PageQuery
from chassis.storage.reading import Reading, Setting
from crm.accounts.queries.reading import ACCOUNTS
from crm.accounts.schemas import AccountQuery
from crm.settings import CrmSettings

NOBODY = "01890000-0000-7000-8000-000000000000"

MANY = """insert into account (id, version, created_at, updated_at, name, sort_key, email,
    email_key, phone_raw, phone_e164, phone_digits, status, kind, stage, tax_id, website,
    industry, segment, language, currency, billing_address, shipping_address, erp_dunning_block)
  select gen_random_uuid(), 1, now() - n * interval '1 minute', now(), 'Account ' || n,
    'account ' || n, '', 'a' || n || '@example.com', '', '', (13800000000 + n)::text,
    case when n % 50 = 0 then 'archived' else 'active' end, 'company',
    case when n % 40 = 0 then 'prospect' else 'customer' end, 'T' || n, '', '', '', '', 'CNY',
    '{}', '{}', false
  from generate_series(1, 10000) as n"""


def reading(sql):
    """A read on the connection, with the CRM's usual settings."""
    setting = Setting("crm", ZoneInfo("UTC"), "CNY", CrmSettings(region="CN"))
    return Reading(sql, pytest.fail, setting=setting)


class Recorder:
    """Takes down what a list asks, and answers nothing."""

    def __init__(self):
        self.all = []

    @property
    def asked(self):
        return self.all[-1]

    async def fetch(self, statement, *arguments):
        if "search_fold" in statement:
            return [{"word": word} for word in arguments[0].lower().split()]
        self.all.append((statement, arguments))
        return []


@pytest.fixture(scope="module")
async def many(crm):
    """A connection that sees ten thousand accounts; nobody else does."""
    sql = await asyncpg.connect(
        driver_url(crm.owner_url),
        server_settings={"plan_cache_mode": "force_generic_plan", "jit": "off"},
    )
    for json in ("json", "jsonb"):
        await sql.set_type_codec(
            json, schema="pg_catalog", encoder=str, decoder=orjson.loads, format="text"
        )
    transaction = sql.transaction()
    await transaction.start()
    await sql.execute(MANY)
    await sql.execute("analyze account, account_search")
    yield sql
    await transaction.rollback()
    await sql.close()


@pytest.mark.parametrize(
    ("wanted", "sort", "index"),
    [
        ({}, None, "ix_account_created_at"),
        ({}, "name", "ix_account_sort_key"),
        ({}, "-updated_at", "ix_account_updated_at"),
        ({"status": "active"}, None, "ix_account_status_created_at"),
        # Of two stages each has half of the accounts: to the planner both indexes cost the same.
        ({"stage": "prospect"}, None, "created_at on account"),
        ({"owner_id": NOBODY}, None, "ix_account_owner_id_created_at"),
        ({"tax_id": "T77"}, None, "ix_account_tax_id"),
        ({"email": "A77@example.com"}, None, "ix_account_email_key"),
        ({"phone": "138 0000 0077"}, None, "ix_account_phone_tail"),
        ({"phone": "0077"}, None, "ix_account_search"),
        ({"phone": "none"}, None, "One-Time Filter"),
        ({"external_system": "erp", "external_id": NOBODY}, None, "pk_account"),
    ],
)
async def test_a_list_is_read_by_its_index(many, wanted, sort, index):
    asked = Recorder()
    await ACCOUNTS.page(reading(asked), AccountQuery(**wanted), PageQuery(sort=sort))
    plan = await plan_of(many, *asked.asked)
    assert index in plan, plan
    assert "Seq Scan on account" not in plan, plan


@pytest.mark.parametrize("sort", [None, "name", "-updated_at"])
@pytest.mark.parametrize("others", [{}, {"status": "archived"}, {"stage": "prospect"}])
async def test_words_are_tested_on_the_first_records_and_then_looked_up(many, others, sort):
    asked = Recorder()
    query = AccountQuery(q="Account 77", **others)
    await ACCOUNTS.page(reading(asked), query, PageQuery(limit=200, sort=sort))
    first, looked_up = [await plan_of(many, *one) for one in asked.all]
    assert "Index Scan" in first, first
    assert "ix_account_search" in looked_up, looked_up
    assert "Seq Scan on account" not in first + looked_up, first + looked_up


@pytest.mark.parametrize("q", ["count", "13800000", "77", "T99", "T9999", "no-such"])
@pytest.mark.parametrize("sort", ["-created_at", "name"])
async def test_pages_hold_each_record_that_has_the_word_once_and_in_order(many, q, sort):
    """Whether a word is frequent, rare, or frequent among the newest or the oldest only."""
    page, shown = PageQuery(sort=sort), []
    while True:
        found = await ACCOUNTS.page(reading(many), AccountQuery(q=q), page)
        shown += [one.id for one in found.items]
        if not found.next_cursor or len(shown) > 1000:
            break
        page = PageQuery(sort=sort, cursor=found.next_cursor)
    order = "created_at desc, id desc" if sort == "-created_at" else "sort_key, id"
    wanted = await many.fetch(
        "select id from account join account_search on account_id = id"
        f" where account_search.search like $1 order by {order} limit $2",
        f"%{q.lower()}%" if len(q) > 2 else f"% {q}%",
        len(shown) if len(shown) > 1000 else 10000,
    )
    assert shown == [row["id"] for row in wanted]


async def plan_of(sql, statement, arguments):
    """The generic plan of a statement."""
    await sql.execute(f"prepare asked as {statement}")
    try:
        values = ", ".join(literal(one) for one in arguments)
        rows = await sql.fetch(f"explain execute asked({values})")
    finally:
        await sql.execute("deallocate asked")
    return "\n".join(row[0] for row in rows)


def literal(value):
    """The value as SQL writes it."""
    if isinstance(value, list):
        return f"array[{', '.join(map(literal, value))}]"
    return str(value) if isinstance(value, int) else f"'{value}'"
