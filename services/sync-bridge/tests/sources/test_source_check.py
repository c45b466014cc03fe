"""Events of the halves' own installations get in; others are kept aside."""

from uuid import uuid4

import httpx
import pytest

from chassis.events.cursor import Cursor
from sync_bridge.inbox import service as inbox
from sync_bridge.inbox.received import Cursor as StoredCursor
from sync_bridge.sources.attributes import read_event
from sync_bridge.sources.port import SourceError
from sync_bridge.sources.source_check import UNKNOWN_INSTALLATION, SourceCheck, installation_at
from tests.sources.publishing import INSTALLATION, attributes_of


def event(**changed):
    return read_event(attributes_of(**changed), b"{}")


def answering(reply):
    def answer(request):
        assert request.url.path == "/v1/events/position"
        if isinstance(reply, Exception):
            raise reply
        return reply

    return httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://erp.test")


def position_of(installation):
    return httpx.Response(200, json={"cursor": str(Cursor.at(installation, 1, 0))})


async def test_a_source_of_another_installation_is_put_aside(stored):
    """B60: another installation, or another service, than the key's; the rest gets in."""
    asked = []

    async def ask():
        asked.append(1)
        return await installation_at(answering(position_of(INSTALLATION)))

    door = SourceCheck("kafka", stored.receive, {"erp": ask}, known=[])
    good, refused = event(), event(source=f"/tandem/erp/{uuid4()}")
    other = event(source=f"/tandem/crm/{INSTALLATION}")
    assert await door([good, refused, other], cursor=StoredCursor(name="feed:erp", value="c")) == 1
    assert await stored.ids() == [str(good.event_id)]
    rows = await stored.fetch("select source, reason, headers ->> 'id' as id from quarantine")
    assert {row["id"] for row in rows} == {str(refused.event_id), str(other.event_id)}
    assert {(row["source"], row["reason"]) for row in rows} == {("kafka", UNKNOWN_INSTALLATION)}
    assert await stored.cursor("feed:erp") == "c"
    assert await door([event()]) == 1
    assert len(asked) == 2, "asked for each new name of the half, and not again for a known one"


async def test_a_source_known_before_is_not_asked_for(bridge, stored):
    """B60: the inbox took it in before; a half that is away stops nothing."""
    await stored.receive([event()])
    async with bridge.database.reading() as reading:
        known = await inbox.sources(reading)
    away = answering(httpx.ConnectError("away"))
    door = SourceCheck("kafka", stored.receive, {"erp": lambda: installation_at(away)}, known=known)
    assert await door([event()]) == 1


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        (httpx.Response(401), "refused"),
        (httpx.Response(403), "refused"),
        (httpx.Response(503), "retrying"),
        (httpx.Response(200, text="no"), "retrying"),
        (httpx.Response(200, json={"cursor": "c"}), "retrying"),
        (httpx.Response(200, json={}), "retrying"),
        (httpx.ConnectError("away"), "retrying"),
    ],
    ids=str,
)
async def test_until_the_half_answers_nothing_new_gets_in(stored, reply, state):
    """B60, B16: nothing is stored, so nothing is marked as read; it comes again."""
    door = SourceCheck(
        "feed:erp", stored.receive, {"erp": lambda: installation_at(answering(reply))}, known=[]
    )
    with pytest.raises(SourceError) as trouble:
        await door([event()])
    assert trouble.value.state == state
    assert await stored.ids() == []
