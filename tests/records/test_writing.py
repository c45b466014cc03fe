"""What every record does alike when it is written: archived twice, changed late, named wrongly."""

from uuid import uuid4

import pytest

from tests.records.kinds import HALVES, KINDS

PATHS = {
    (half, method, route.path)
    for half, service in HALVES.items()
    for router in service.routers
    for route in router.routes
    for method in route.methods
}
OF_ONE = sorted(
    (half, method, path)
    for half, method, path in PATHS
    if path.partition("/{")[0] in {kind.path for kind in KINDS if kind.half == half}
    and path.count("{") == 1
    and path.endswith(("_id}", "/archive", "/restore", "/external-refs"))
)
CHANGED = [kind for kind in KINDS if kind.fields]
ARCHIVED = [
    kind
    for kind in KINDS
    if any(
        path.startswith(f"{kind.path}/{{") and path.endswith("/archive") and half == kind.half
        for half, _, path in PATHS
    )
]
SENT_IN_BATCHES = [
    kind
    for kind in KINDS
    if kind.sent and (kind.half, "POST", f"{kind.path}/by-external/{{system}}/batch") in PATHS
]


def _value(kind):
    """A field of a change, and another value for it."""
    name, (value, _) = next(iter(kind.fields.items()))
    return {name: value}


@pytest.mark.parametrize(("half", "method", "path"), OF_ONE)
async def test_nobody_finds_what_there_is_not(desks, problem, half, method, path):
    nobody = str(uuid4())
    where = f"{path.partition('{')[0]}{nobody}{path.partition('}')[2]}"
    body = {"system": "shop", "external_id": "1"} if path.endswith("-refs") else {}
    headers = {"Idempotency-Key": str(uuid4()), "If-Match": '"1"'}
    sent = None if method == "GET" else body
    reply = await desks[half].client.request(method, where, json=sent, headers=headers)
    assert problem(reply, 404, "not_found")["facts"]["id"] == nobody


@pytest.mark.parametrize("kind", CHANGED, ids=str)
async def test_a_change_names_the_version_that_was_seen(desks, problem, kind):
    """Without one it is refused, and based on another one; neither changes anything."""
    desk = desks[kind.half]
    made = await kind.make(desk)
    at = f"{kind.path}/{made['id']}"
    before = await desk.see(at)
    problem(await desk.change(at, _value(kind)), 428, "revision_required")
    late = await desk.change(at, _value(kind), revision=before["version"] + 1)
    problem(late, 412, "stale_revision")
    assert await desk.see(at) == before


@pytest.mark.parametrize("kind", CHANGED, ids=str)
async def test_an_unknown_field_is_refused_and_nothing_changes(desks, problem, kind):
    desk = desks[kind.half]
    made = await kind.make(desk)
    at = f"{kind.path}/{made['id']}"
    before = await desk.see(at)
    wrong = await desk.change(at, {"flavour": "sweet"}, revision=before["version"])
    refusal = problem(wrong, 422, "invalid_input")
    assert [one["pointer"] for one in refusal["errors"]] == ["/flavour"]
    assert await desk.see(at) == before


@pytest.mark.parametrize("kind", ARCHIVED, ids=str)
async def test_archived_twice_is_archived_once(desks, kind):
    """The second act changes nothing, and so does restoring what is active."""
    desk = desks[kind.half]
    at = f"{kind.path}/{(await kind.make(desk))['id']}"
    for act, status in (("archive", "archived"), ("restore", "active")):
        first = await desk.server.post(f"{at}/{act}", None)
        assert first.json()["status"] == status, first.text
        again = await desk.server.post(f"{at}/{act}", None)
        assert again.json() == first.json()
        assert again.headers["ETag"] == first.headers["ETag"]


@pytest.mark.parametrize("kind", SENT_IN_BATCHES, ids=str)
async def test_a_batch_that_is_repeated_makes_nothing_twice(desks, kind):
    desk = desks[kind.half]
    items = [
        {**await kind.sent(desk), "external_id": desk.word(), "source_version": 1} for _ in range(2)
    ]
    first = await desk.send_many(kind.path, items)
    assert [one["status"] for one in first] == ["created", "created"]
    again = await desk.send_many(kind.path, items)
    assert [(one["status"], one["id"]) for one in again] == [
        ("unchanged", one["id"]) for one in first
    ]
