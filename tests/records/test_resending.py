"""The same content sent again under a newer version changes nothing, on every way records enter."""

import pytest

from tests.records.kind import Kind
from tests.records.kinds import HALVES, KINDS

BATCH = "/by-external/{system}/batch"
SENT = {(kind.half, kind.path): kind for kind in KINDS if kind.sent}


def _tells_outcome(route):
    """Whether a route says what became of the record that was sent: an upsert does."""
    return any("Tandem-Outcome" in answer.get("headers", ()) for answer in route.responses.values())


def _ways():
    """Every upsert there is, alone and in a batch, so that a new one cannot be forgotten."""
    for half, service in HALVES.items():
        for router in service.routers:
            for route in router.routes:
                batch = route.path.endswith(BATCH)
                if "mirror" not in route.tags and (batch or _tells_outcome(route)):
                    yield half, route.path.partition("/by-external")[0], batch


WAYS = sorted(_ways())


async def _row(desk, kind: Kind, record_id):
    [row] = await desk.rows(f"select * from {kind.table} where id = $1::text::uuid", record_id)
    return row


async def _events(desk):
    return await desk.rows("select count(*) from outbox")


@pytest.mark.parametrize(("half", "path", "batch"), WAYS)
async def test_the_same_again_changes_nothing(desks, half, path, batch):
    desk, kind = desks[half], SENT[half, path]
    key, body = desk.word(), await kind.content(desk)
    outcome, record_id = await desk.upsert(path, key, 1, body, batch=batch)
    assert outcome == "created"
    before, events = await _row(desk, kind, record_id), await _events(desk)
    for version in (2, 3):
        again = await desk.upsert(path, key, version, body, batch=batch)
        assert again == ("unchanged", record_id)
    assert await _row(desk, kind, record_id) == before
    assert await _events(desk) == events
    assert await desk.upsert(path, key, 2, body, batch=batch) == ("stale", record_id)


@pytest.mark.parametrize(
    ("half", "path", "batch"), [way for way in WAYS if SENT[way[:2]].change is not None]
)
async def test_a_version_that_says_something_else_is_taken(desks, half, path, batch):
    desk, kind = desks[half], SENT[half, path]
    key, body = desk.word(), await kind.content(desk)
    _, record_id = await desk.upsert(path, key, 1, body, batch=batch)
    assert await desk.upsert(path, key, 2, body, batch=batch) == ("unchanged", record_id)
    changed = await desk.upsert(path, key, 3, body | (kind.change or {}), batch=batch)
    assert changed == ("updated", record_id)
    assert await desk.upsert(path, key, 4, body, batch=batch) == ("updated", record_id)
