"""What robots sent to public forms is deleted after some days; what made a lead stays."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest
from services.crm.tests.leads.test_forms import FORMS, filled, make, send, visitor

from chassis.clock import frozen
from crm.leads.service.robots import forget_robots

__all__ = ["make", "visitor"]

LATER = datetime.now(UTC) + timedelta(days=31)


async def forget(desk):
    async with desk.crm.database.transaction() as work:
        await forget_robots(work, {})


async def test_posts_of_robots_are_deleted_after_thirty_days(desk, visitor, make):
    form = await make()
    lead = await filled(visitor, form)
    for body in (lead, await filled(visitor, form, website="http://spam.example")):
        assert (await send(visitor, form, body)).status_code == 202
    await forget(desk)
    seen = await desk.see(f"{FORMS}/{form['id']}")
    assert (seen["leads"], seen["robots"]) == (1, 1)
    with frozen(LATER):
        await forget(desk)
    seen = await desk.see(f"{FORMS}/{form['id']}")
    assert (seen["leads"], seen["robots"]) == (1, 0)
    assert (await send(visitor, form, lead)).status_code == 202
    assert (await desk.see(f"{FORMS}/{form['id']}"))["leads"] == 1


async def test_the_database_deletes_no_post_that_made_a_lead(crm, desk, visitor, make):
    form = await make()
    assert (await send(visitor, form, await filled(visitor, form))).status_code == 202
    async with crm.database.driver() as sql:
        with pytest.raises(asyncpg.RestrictViolationError):
            await sql.execute("delete from lead_form_post where form_id = $1", UUID(form["id"]))
