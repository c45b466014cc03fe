"""Deals of the past, of which figures are asked."""

from datetime import date, timedelta
from itertools import count

import pytest
from services.crm.tests.opportunities.conftest import Deals, cny

_YEARS = count(1981)


@pytest.fixture
def deals(crm, desk):
    """What a seller does with deals."""
    return Deals(crm, desk)


@pytest.fixture
def year():
    """A year in which nobody else's deals closed."""
    return next(_YEARS)


@pytest.fixture
def past(deals, year):
    """Enter a deal of the past of this year."""

    async def enter(stage, days=60, **facts):
        reason = {"lost_reason": "price"} if stage == "lost" else {}
        facts = {"amount": cny("10.00"), "opened_on": f"{year}-01-10"} | reason | facts
        closed = f"{year}-01-10" if days == 0 else day_after(year, days)
        return await deals.open(stage=stage, closes_on=closed, history=True, **facts)

    return enter


def day_after(year, days):
    """The day so many days after the tenth of January."""
    return (date(year, 1, 10) + timedelta(days=days)).isoformat()


@pytest.fixture
def insights(crm):
    """Figures by the API."""

    async def ask(what, **wanted):
        reply = await crm.client.get(f"/v1/insights/{what}", params=wanted)
        assert reply.status_code == 200, reply.text
        return reply.json()

    return ask
