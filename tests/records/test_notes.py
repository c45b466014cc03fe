"""Notes: on records of every type and on documents, with mentions, by their authors."""

from uuid import uuid4

import pytest

from erp.app import SERVICE as ERP
from identity.passwords import hash_password
from identity.testing.desk import Desk
from identity.testing.desk import require_problem as problem
from identity.testing.service import running
from identity.users import add_user, change_user
from records.notes.mentions import logins_in
from tests.records.annotated import paths_with


def if_match(revision):
    return {"If-Match": f'"{revision}"'}


async def note(half, path, text="Called, comes on Monday.", **values):
    reply = await half.post(f"{path}/notes", {"text": text} | values)
    assert reply.status_code == 201, reply.text
    return reply.json()


@pytest.fixture(scope="session")
async def account(desks):
    """The path of an account's notes."""
    made = await desks["crm"].add("/v1/accounts", name="Harbour")
    return f"/v1/accounts/{made['id']}/notes"


@pytest.fixture
def crm(desks):
    return desks["crm"].server


async def test_a_note_on_each_type_lives_its_life(records):
    """Written, listed, edited, pinned, deleted; what another record has is not found there."""
    half, found = records
    for path, record_id in found.items():
        at = f"{path}/{record_id}"
        written = await note(half, at)
        assert written["record_id"] == record_id
        assert (await half.client.get(f"{at}/notes")).json()["items"][0] == written
        elsewhere = f"{path}/{uuid4()}/notes"
        problem(await half.client.get(elsewhere), 404, "not_found")
        problem(await half.post(elsewhere, {"text": "x"}), 404, "not_found")
        one = f"{at}/notes/{written['id']}"
        stranger = f"{elsewhere}/{written['id']}"
        edited = await half.client.patch(
            one, json={"text": "Comes on Tuesday."}, headers=if_match(1)
        )
        assert edited.status_code == 200, edited.text
        assert edited.headers["etag"] == '"2"'
        assert edited.json()["edited_at"] is not None
        for method in ("PATCH", "DELETE"):
            body = {"json": {"text": "y"}} if method == "PATCH" else {}
            reply = await half.client.request(method, stranger, headers=if_match(2), **body)
            problem(reply, 404, "not_found")
            reply = await half.client.request(method, one, headers=if_match(1), **body)
            problem(reply, 412, "stale_revision")
            problem(await half.client.request(method, one, **body), 428, "revision_required")
        gone = await half.client.delete(one, headers=if_match(2))
        assert (gone.status_code, gone.content) == (204, b"")
        problem(await half.client.delete(one, headers=if_match(2)), 404, "not_found")
        left = (await half.client.get(f"{at}/notes")).json()["items"]
        assert written["id"] not in [one["id"] for one in left]


async def test_each_type_has_one_name(records):
    """In notes, problems, operation ids and the history, or nobody could join them."""
    half, found = records
    operations = {
        route.path: route.operation_id or route.name
        for router in half.service.routers
        for route in router.routes
        if route.path.endswith("_id}/notes") and "POST" in route.methods
    }
    for path, record_id in found.items():
        written = await note(half, f"{path}/{record_id}")
        name = written["record_type"]
        (operation,) = [one for at, one in operations.items() if at.startswith(f"{path}/{{")]
        assert operation == f"{name}_note_create"
        unknown = await half.client.get(f"{path}/{uuid4()}/notes")
        assert problem(unknown, 404, "not_found")["facts"]["entity"] == name
        async with half.database.transaction() as work:
            kept = await work.sql.fetch(_TYPES_KEPT, record_id)
        assert {row["record_type"] for row in kept} == (
            {name} if path in paths_with(half.service.name, "history") else set()
        )


_TYPES_KEPT = "select distinct record_type from record_change where record_id = $1::text::uuid"


async def test_rights_are_those_of_the_record(records):
    """Who may read such records reads their notes; who may change them writes."""
    half, found = records
    scopes = {scope for scope in half.service.permissions if scope.endswith((".read", ".write"))}
    for path, record_id in found.items():
        notes = f"{path}/{record_id}/notes"
        read = needed(half, "GET", path)
        write = needed(half, "POST", path)
        assert {read, write} <= scopes
        areas = {read.rpartition(".")[0], write.rpartition(".")[0]}
        others = [one for one in scopes if one.rpartition(".")[0] not in areas]
        stranger = await half.as_(*sorted(others))
        reader = await half.as_(read)
        writer = await half.as_(write)
        key = {"Idempotency-Key": str(uuid4())}
        problem(await stranger.get(notes), 403, "forbidden")
        problem(await reader.post(notes, json={"text": "x"}, headers=key), 403, "forbidden")
        assert (await reader.get(notes)).status_code == 200
        assert (await writer.post(notes, json={"text": "x"}, headers=key)).status_code == 201


def needed(half, method, path):
    """The scope that the note routes of the collection ask for."""
    (route,) = [
        one
        for one in half.app.routes
        if one.path.startswith(f"{path}/{{")
        and one.path.endswith("_id}/notes")
        and method in one.methods
    ]
    gates = [one.call for one in route.dependant.dependencies]
    return next(one.scope for one in gates if hasattr(one, "scope"))


async def test_only_the_author_or_an_administrator_edits(crm, account):
    author, other = await crm.as_("accounts.write"), await crm.as_("accounts.write")
    key = {"Idempotency-Key": str(uuid4())}
    written = (await author.post(account, json={"text": "mine"}, headers=key)).json()
    one = f"{account}/{written['id']}"
    refused = await other.patch(one, json={"text": "yours"}, headers=if_match(1))
    assert written["author"]["name"] in problem(refused, 403, "note_of_another")["detail"]
    problem(await other.delete(one, headers=if_match(1)), 403, "note_of_another")
    assert (await author.patch(one, json={"text": "still mine"}, headers=if_match(1))).is_success
    assert (await crm.client.delete(one, headers=if_match(2))).status_code == 204


async def test_users_are_mentioned_who_may_see_the_record(cluster):
    """By login, in any case and before full stops; who is out, or may not look, is not."""
    async with running(ERP, cluster) as erp:
        desk = Desk(erp)
        users = {
            "lin.mei": await user(erp, "lin.mei", "accountant"),
            "bo": await user(erp, "bo", "storekeeper"),
            "gone": await user(erp, "gone", "accountant", active=False),
        }
        item = f"/v1/items/{(await desk.add('/v1/items', sku='S', name='Bolt'))['id']}"
        account = f"/v1/accounts/{(await desk.see('/v1/accounts'))['items'][0]['id']}"
        text = "请@Lin.Mei. and \uff20bo look; @gone, @nobody and x@lin.mei do not"
        written = await note(erp, item, text)
        assert [one["login"] for one in written["mentions"]] == ["bo", "lin.mei"]
        assert written["text"] == text
        in_books = await note(erp, account, text)
        assert [one["login"] for one in in_books["mentions"]] == ["lin.mei"]
        edited = await erp.client.patch(
            f"{item}/notes/{written['id']}", json={"text": "Done, @bo"}, headers=if_match(1)
        )
        assert [one["user_id"] for one in edited.json()["mentions"]] == [users["bo"]]


async def user(half, login, role, *, active=True):
    """The id of a new user."""
    hashed = await hash_password("correct horse battery")
    async with half.database.transaction() as work:
        made = await add_user(
            work.sql,
            login=login,
            name=login.title(),
            password=hashed,
            roles=[role],
            known_roles=half.service.roles,
            now=work.now,
        )
        if not active:
            await change_user(
                work.sql, made.id, known_roles=half.service.roles, now=work.now, active=False
            )
    return str(made.id)


@pytest.mark.parametrize(
    ("text", "logins"),
    [
        ("@lin", [("lin",)]),
        ("@Lin.", [("lin.", "lin")]),
        ("(@lin, @lin)", [("lin",)]),
        ("a@lin.example", []),
        ("@ lin @@lin", []),
        ("@lin@firm.example: hi", [("lin@firm.example",)]),
        ("看@lin。", [("lin",)]),
    ],
)
def test_words_that_may_be_logins(text, logins):
    assert logins_in(text) == logins


async def test_each_change_is_one_event_of_the_note(records):
    """The whole note each time; a repeat of the same text is no change."""
    half, found = records
    path, record_id = next(iter(found.items()))
    at = f"{path}/{record_id}"
    written = await note(half, at, pinned=True)
    one = f"{at}/notes/{written['id']}"
    for revision, body in ((1, {"text": "Other."}), (2, {"pinned": False}), (3, {"pinned": False})):
        reply = await half.client.patch(one, json=body, headers=if_match(revision))
        assert reply.json()["version"] == min(revision + 1, 3)
    await half.client.delete(one, headers=if_match(3))
    events = [one for one in await half.feed() if one["subject"] == written["id"]]
    kind = f"tandem.{half.service.name}.note-changed.v1"
    assert {one["type"] for one in events} == {kind}
    told = [(one["aggversion"], one["data"]["changed"], one["data"]["text"]) for one in events]
    assert told[1:] == [
        (2, ["edited_at", "text"], "Other."),
        (3, ["pinned"], "Other."),
        (4, ["deleted", "mentions", "text"], ""),
    ]
    assert [one["data"]["deleted"] for one in events] == [False, False, False, True]


async def test_a_note_is_written_once_for_a_key(crm, account):
    key = {"Idempotency-Key": str(uuid4())}
    first, again = [
        await crm.client.post(account, json={"text": "once"}, headers=key) for _ in "ab"
    ]
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert first.headers["location"] == f"{account}/{first.json()['id']}"
    keyless = await crm.client.post(account, json={"text": "x"})
    problem(keyless, 400, "idempotency_key_required")


@pytest.mark.parametrize("text", ["", "  \n ", "\u200b", "x" * 10_001, "a\x00b", None])
async def test_what_is_no_text_is_refused(crm, account, text):
    refused = problem(await crm.post(account, {"text": text}), 422, "invalid_input")
    assert refused["errors"][0]["pointer"] == "/text"


async def test_notes_have_pages_and_pinned_ones_can_be_asked_for(records):
    half, found = records
    path, record_id = list(found.items())[-1]
    at = f"{path}/{record_id}"
    made = [await note(half, at, f"{n}", pinned=n == 1) for n in range(3)]
    url = f"{at}/notes"
    first = (await half.client.get(url, params={"limit": 2})).json()
    assert [one["id"] for one in first["items"]] == [made[2]["id"], made[1]["id"]]
    rest = await half.client.get(url, params={"limit": 2, "cursor": first["next_cursor"]})
    assert made[0]["id"] in [one["id"] for one in rest.json()["items"]]
    pinned = (await half.client.get(url, params={"pinned": "true"})).json()["items"]
    assert [one["id"] for one in pinned] == [made[1]["id"]]
