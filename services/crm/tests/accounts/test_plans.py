"""Lists over many accounts are read by their indexes, under the plans that the service uses."""

import asyncpg
import pytest

from chassis.http.paging import PageQuery
from chassis.storage.database import driver_url
from crm.accounts.queries import account_page
from crm.accounts.schemas import AccountQuery

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


class Recorder:
    """Takes down what a list asks, and answers nothing."""

    async def fetch(self, statement, *arguments):
        if "search_fold" in statement:
            return [{"word": word} for word in arguments[0].lower().split()]
        self.asked = statement, arguments
        return []

    async def execute(self, statement):
        """The plan for just these arguments is asked for below."""

    def is_closed(self):
        return False


@pytest.fixture(scope="module")
async def many(crm):
    """A connection that sees ten thousand accounts; nobody else does."""
    sql = await asyncpg.connect(
        driver_url(crm.owner_url),
        server_settings={"plan_cache_mode": "force_generic_plan", "jit": "off"},
    )
    transaction = sql.transaction()
    await transaction.start()
    await sql.execute(MANY)
    await sql.execute("analyze account")
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
        ({"external_system": "erp", "external_id": NOBODY}, None, "pk_account"),
    ],
)
async def test_a_list_is_read_by_its_index(many, wanted, sort, index):
    asked = Recorder()
    await account_page(asked, AccountQuery(**wanted), PageQuery(sort=sort), region="CN")
    plan = await plan_of(many, *asked.asked)
    assert index in plan, plan
    assert "Seq Scan" not in plan, plan


async def test_searching_scans_no_table(many):
    """The planner takes the pieces of words, or walks the newest where it expects many."""
    asked = Recorder()
    await many.execute("set local plan_cache_mode = force_custom_plan")
    await account_page(asked, AccountQuery(q="Account 77"), PageQuery(limit=200), region="CN")
    plan = await plan_of(many, *asked.asked)
    assert "Seq Scan" not in plan, plan


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
