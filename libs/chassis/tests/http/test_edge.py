"""The edge of a service: one transaction a request, keys, revisions, problems, pages."""

import asyncio
import threading
from uuid import uuid4

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from chassis.api.app import create_app
from identity.testing.service import running


def titled(name):
    return {"title": f"{name} {uuid4().hex[:8]}"}


async def count(sample, table="note"):
    async with sample.database.driver() as sql:
        return await sql.fetchval(f"select count(*) from {table}")


async def test_a_note_is_written_with_its_event_and_found_by_its_location(sample):
    """C67: the state and its event are committed together."""
    reply = await sample.post("/v1/notes", titled("first"))
    assert reply.status_code == 201
    assert reply.headers["etag"] == '"1"'
    assert reply.headers["location"] == f"/v1/notes/{reply.json()['id']}"
    events = [one for one in await sample.feed() if one["subject"] == reply.json()["id"]]
    assert [one["data"]["title"] for one in events] == [reply.json()["title"]]


@pytest.mark.parametrize("scopes", [("notes.write",), ("admin",)])
async def test_only_a_bridge_says_where_a_change_came_from(sample, scopes):
    """B47: of others, even of an administrator, the change is taken and the tale ignored."""
    cause, process = str(uuid4()), str(uuid4())
    told = {
        "Tandem-Origin": "elsewhere",
        "Tandem-Causation-Id": cause,
        "Tandem-Correlation-Id": process,
        "Tandem-Hops": "3",
    }
    found = []
    for more in ((), ("events.relay",)):
        client = await sample.as_(*scopes, *more, headers=told)
        keyed = {"Idempotency-Key": str(uuid4())}
        reply = await client.post("/v1/notes", json=titled("relayed"), headers=keyed)
        assert reply.status_code == 201
        found += [one for one in await sample.feed() if one["subject"] == reply.json()["id"]]
    others, bridges = found
    assert (others["origin"], others["hops"]) == ("sample", 0)
    assert "causationid" not in others
    assert (bridges["origin"], bridges["hops"]) == ("elsewhere", 3)
    assert bridges["causationid"] == cause
    assert others["correlationid"] == bridges["correlationid"] == process


async def test_a_repeat_of_a_keyed_post_is_answered_the_same_and_done_once(sample):
    """E13, B40: the same key any number of times makes one document."""
    headers = {"Idempotency-Key": f"repeat-{uuid4()}"}
    body = titled("repeated")
    first = await sample.client.post("/v1/notes", json=body, headers=headers)
    again = [await sample.client.post("/v1/notes", json=body, headers=headers) for _ in range(3)]
    assert {reply.content for reply in again} == {first.content}
    assert {reply.status_code for reply in again} == {201}
    assert {reply.headers["idempotency-replayed"] for reply in again} == {"true"}
    assert {reply.headers["etag"] for reply in again} == {'"1"'}
    listed = (await sample.client.get("/v1/notes", params={"title": body["title"]})).json()
    assert len(listed["items"]) == 1


async def test_five_twins_at_once_have_one_effect(sample):
    """E13: a twin in flight waits for the first one and is answered what it was."""
    headers = {"Idempotency-Key": f"twins-{uuid4()}"}
    body = titled("twin")
    replies = await asyncio.gather(
        *(sample.client.post("/v1/notes", json=body, headers=headers) for _ in range(5))
    )
    assert {reply.status_code for reply in replies} == {201}
    assert len({reply.content for reply in replies}) == 1
    assert sum("idempotency-replayed" in reply.headers for reply in replies) == 4


async def test_a_key_used_for_another_body_is_refused(sample):
    """E13, B40: same key with another payload is 422 and changes nothing."""
    headers = {"Idempotency-Key": f"reused-{uuid4()}"}
    await sample.client.post("/v1/notes", json=titled("one"), headers=headers)
    before = await count(sample)
    other = await sample.client.post("/v1/notes", json=titled("two"), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await count(sample) == before


async def test_a_post_without_a_key_is_refused(sample):
    """B40: the key is required."""
    reply = await sample.client.post("/v1/notes", json=titled("keyless"))
    assert (reply.status_code, reply.json()["code"]) == (400, "idempotency_key_required")


async def test_a_query_frees_no_act_from_its_key(sample):
    """Where there is no dry run, asking for one is a mistake."""
    for path, body in {
        "/v1/notes": titled("dry"),
        "/v1/api-keys": {"name": "till", "scopes": ["notes.read"]},
    }.items():
        reply = await sample.client.post(path, params={"dry_run": "true"}, json=body)
        assert (reply.status_code, reply.json()["code"]) == (422, "invalid_input")


async def test_a_refusal_is_judged_anew_under_the_same_key(sample):
    """House decision 22: only committed results are kept."""
    headers = {"Idempotency-Key": f"refused-{uuid4()}"}
    first = await sample.client.post("/v1/notes", json={"title": "unwanted"}, headers=headers)
    assert (first.status_code, first.json()["code"]) == (409, "title_refused")
    second = await sample.client.post("/v1/notes", json=titled("wanted"), headers=headers)
    assert second.status_code == 201


async def test_a_handler_that_refuses_takes_the_whole_act_back(sample):
    """B01: nothing of a refused act stays, neither row nor event."""
    rows, events = await count(sample), await count(sample, "outbox")
    reply = await sample.post("/v1/notes", {"title": "unwanted"})
    assert reply.status_code == 409
    assert (await count(sample), await count(sample, "outbox")) == (rows, events)


async def test_a_fault_of_ours_is_a_problem_and_changes_nothing(sample):
    reply = await sample.post("/v1/notes/broken", None)
    assert (reply.status_code, reply.json()["code"]) == (500, "internal_error")
    assert reply.headers["content-type"] == "application/problem+json"
    async with sample.database.driver() as sql:
        assert not await sql.fetchval("select exists(select from note where title = 'x')")


async def test_a_slow_twin_is_told_to_come_back(cluster, sample_module):
    """B40: the key of a request still in progress is 409 with Retry-After."""
    async with running(sample_module.SERVICE, cluster, lock_timeout_seconds=0.2) as impatient:
        title = f"slow {uuid4()}"
        gate = sample_module.GATES[title] = sample_module.Gate()
        call = {"json": {"title": title}, "headers": {"Idempotency-Key": f"slow-{uuid4()}"}}
        first = asyncio.create_task(impatient.client.post("/v1/notes/slow", **call))
        await gate.entered.wait()
        twin = await impatient.client.post("/v1/notes/slow", **call)
        assert (twin.status_code, twin.json()["code"]) == (409, "idempotency_in_flight")
        assert twin.headers["retry-after"] == "1"
        gate.opened.set()
        assert (await first).status_code == 201
        again = await impatient.client.post("/v1/notes/slow", **call)
        assert again.headers["idempotency-replayed"] == "true"


async def test_a_change_names_the_version_it_is_based_on(sample):
    made = await sample.post("/v1/notes", titled("versioned"))
    path = made.headers["location"]
    without = await sample.client.patch(path, json=titled("x"))
    assert (without.status_code, without.json()["code"]) == (428, "revision_required")
    changed = await sample.client.patch(path, json=titled("y"), headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    stale = await sample.client.patch(path, json=titled("z"), headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "stale_revision")
    assert stale.json()["facts"] == {"expected": 1, "current": 2}


async def test_of_two_changes_based_on_one_version_one_is_refused(sample):
    made = await sample.post("/v1/notes", titled("raced"))
    replies = await asyncio.gather(
        *(
            sample.client.patch(
                made.headers["location"], json=titled(f"r{n}"), headers={"If-Match": '"1"'}
            )
            for n in range(4)
        )
    )
    assert sorted(reply.status_code for reply in replies) == [200, 412, 412, 412]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"title": ', 400, "malformed_json"),
        (b'{"title": ""}', 422, "invalid_input"),
        (b"{}", 422, "invalid_input"),
        (b'{"title": "a", "colour": "red"}', 422, "invalid_input"),
        (b'{"title": "nul \\u0000"}', 422, "invalid_input"),
    ],
)
async def test_bad_input_names_the_field_and_changes_nothing(sample, body, status, code):
    before = await count(sample)
    reply = await sample.client.post(
        "/v1/notes",
        content=body,
        headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid4())},
    )
    assert (reply.status_code, reply.json()["code"]) == (status, code)
    assert reply.headers["content-type"] == "application/problem+json"
    assert await count(sample) == before


async def test_a_wrong_field_is_named_in_the_callers_language(sample):
    reply = await sample.post("/v1/notes", {}, headers={"Accept-Language": "zh-CN,en;q=0.5"})
    assert reply.headers["content-language"] == "zh-CN"
    assert reply.json()["title"] == "部分字段缺失或有误"
    assert reply.json()["errors"] == [
        {"pointer": "/title", "code": "missing", "message": "此字段必填。"}
    ]


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain", None])
async def test_a_body_that_is_not_said_to_be_json_is_asked_to_be(sample, kind):
    """What `curl -d` sends without the header; the body itself may be right."""
    headers = {"Content-Type": kind} if kind else {}
    reply = await sample.client.post(
        "/v1/notes",
        content=b'{"title": "a"}',
        headers={"Idempotency-Key": str(uuid4()), **headers},
    )
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_input")
    [wrong] = reply.json()["errors"]
    assert (wrong["pointer"], wrong["code"]) == ("/", "not_json")
    assert "Content-Type: application/json" in wrong["message"]


@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_of_ten_megabytes_is_refused(sample, declared):
    body = b'{"title": "' + b"x" * 10_000_000 + b'"}'

    async def pieces():
        for start in range(0, len(body), 1 << 16):
            yield body[start : start + (1 << 16)]

    reply = await sample.client.post(
        "/v1/notes",
        content=body if declared else pieces(),
        headers={"Content-Type": "application/json", "Idempotency-Key": str(uuid4())},
    )
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")


async def test_who_is_not_known_is_asked_and_who_may_not_is_told(sample):
    stranger = sample.with_key("tdm_sample_nobody")
    assert (await stranger.get("/v1/notes")).status_code == 401
    reader = await sample.as_("notes.read")
    assert (await reader.get("/v1/notes")).status_code == 200
    refused = await reader.post(
        "/v1/notes", json=titled("no"), headers={"Idempotency-Key": str(uuid4())}
    )
    assert (refused.status_code, refused.json()["facts"]) == (403, {"scope": "notes.write"})


@pytest.mark.parametrize("sent", ["1", "**", '"x"', '""', '"1", "2"'])
async def test_what_is_no_etag_of_ours_is_told_so(sample, sent):
    made = await sample.post("/v1/notes", titled("a"))
    path = made.headers["location"]
    refused = await sample.client.patch(path, json=titled("b"), headers={"If-Match": sent})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert refused.json()["errors"][0]["pointer"] == "/header/If-Match"


async def test_a_mistyped_filter_is_refused_not_ignored(sample):
    """It would show every record as if all fitted; a change would be done without its option."""
    before = await count(sample)
    for asked in ("/v1/notes?titel=x&limit=5", "/v1/notes?dryrun=true"):
        refused = await sample.client.get(asked, headers={"Accept-Language": "zh-CN"})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
        (error,) = refused.json()["errors"]
        assert (error["code"], error["message"]) == ("unknown_parameter", "没有这个参数。")
    posted = await sample.post("/v1/notes?dryrun=true", titled("undone"))
    assert posted.json()["errors"][0]["pointer"] == "/query/dryrun"
    assert await count(sample) == before


@pytest.mark.parametrize("name", ["cursor", "sort", "limit"])
async def test_a_filter_without_a_value_is_refused_not_a_scan(sample, name):
    for value in ("", "%20", "%E3%80%80"):
        refused = await sample.client.get(f"/v1/notes?{name}={value}")
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
        told = [(one["pointer"], one["code"]) for one in refused.json()["errors"]]
        assert told == [(f"/query/{name}", "empty")]


async def test_a_filter_given_twice_is_refused_not_half_taken(sample):
    refused = await sample.client.get("/v1/notes?limit=1&limit=200")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    [wrong] = refused.json()["errors"]
    assert (wrong["pointer"], wrong["code"]) == ("/query/limit", "repeated")


async def test_a_stranger_learns_nothing_of_parameters(sample):
    """A wrong key is a wrong key, whatever else is wrong; and the log says who mistyped."""
    stranger = {"Authorization": "Bearer nobody"}
    for asked in (sample.client.get, sample.client.post):
        refused = await asked("/v1/notes?titel=x", headers=stranger)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    with capture_logs() as logs:
        await sample.client.get("/v1/notes?titel=x")
    [told] = [one for one in logs if one["event"] == "request"]
    assert told["actor"].startswith("key:")


async def test_the_feed_is_logged_where_it_refuses(sample):
    """It is asked all the time; who may not is worth a line."""
    with capture_logs() as logs:
        assert (
            await sample.client.get("/v1/events", headers={"Authorization": "Bearer nobody"})
        ).status_code == 401
        assert (await sample.client.get("/v1/events")).status_code == 200
    assert [one["status"] for one in logs if one["event"] == "request"] == [401]


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
async def test_the_log_says_the_method_that_was_asked(sample, method):
    with capture_logs() as logs:
        await sample.client.request(method, "/v1/notes")
    [logged] = [one for one in logs if one["event"] == "request"]
    assert (logged["method"], logged["path"]) == (method, "/v1/notes")


async def test_who_may_not_learns_nothing_of_parameters_either(sample):
    reader = await sample.as_("notes.read")
    refused = await reader.post("/v1/notes?titel=x", json=titled("no"))
    assert (refused.status_code, refused.json()["facts"]) == (403, {"scope": "notes.write"})


async def test_only_what_stands_in_the_query_is_a_parameter_of_it(sample):
    """Not the names of headers and of parts of the path."""
    note = (await sample.post("/v1/notes", titled("a"))).json()
    for name in ("note_id", "if-match"):
        path = f"/v1/notes/{note['id']}?{name}=x"
        refused = await sample.client.patch(path, json=titled("b"), headers={"If-Match": '"1"'})
        assert refused.status_code == 422, name
        assert refused.json()["errors"][0]["pointer"] == f"/query/{name}"


async def test_an_unknown_path_and_method_are_problems(sample):
    path = await sample.client.get("/v1/nothing")
    assert (path.status_code, path.json()["code"]) == (404, "path_not_found")
    method = await sample.client.delete("/v1/notes")
    assert (method.status_code, method.json()["code"]) == (405, "method_not_allowed")
    assert method.headers["allow"] == "GET, HEAD, POST"


async def test_pages_follow_each_other_without_gap_or_repeat(sample):
    mark = uuid4().hex[:6]
    made = [
        (await sample.post("/v1/notes", {"title": f"{mark} {n:02}"})).json()["id"] for n in range(7)
    ]
    for sort, wanted in (("title", made), ("-title", made[::-1]), ("-created_at", made[::-1])):
        found, cursor = [], None
        while True:
            asked = {"title": f"{mark}%", "limit": 3, "sort": sort} | (
                {"cursor": cursor} if cursor else {}
            )
            page = (await sample.client.get("/v1/notes", params=asked)).json()
            found += [one["id"] for one in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == wanted, sort


@pytest.mark.parametrize(
    ("params", "status", "code"),
    [
        ({"cursor": "no cursor"}, 400, "invalid_cursor"),
        ({"cursor": "WyItY3JlYXRlZF9hdCIsIngiLCJ5Il0"}, 400, "invalid_cursor"),
        ({"sort": "colour"}, 422, "invalid_input"),
        ({"limit": 201}, 422, "invalid_input"),
    ],
)
async def test_a_wrong_page_is_refused(sample, params, status, code):
    reply = await sample.client.get("/v1/notes", params=params)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def batch_of(*items):
    return {
        "items": [
            {"external_id": name, "title": title, "source_version": version}
            for name, title, version in items
        ]
    }


async def test_a_batch_judges_each_item_alone(sample):
    """B41: an older or equal source version is a no-op; one bad item fails alone."""
    mark = uuid4().hex[:6]
    items = batch_of((f"{mark}a", "a", 1), (f"{mark}b", "unwanted", 1), (f"{mark}c", "c", 1))
    reply = (await sample.post("/v1/notes/by-external/other/batch", items)).json()
    assert [one["status"] for one in reply["items"]] == ["created", "failed", "created"]
    assert reply["items"][1]["problem"]["code"] == "title_refused"
    again = batch_of((f"{mark}a", "z", 1), (f"{mark}b", "b", 1), (f"{mark}c", "cc", 2))
    reply = (await sample.post("/v1/notes/by-external/other/batch", again)).json()
    assert [one["status"] for one in reply["items"]] == ["stale", "created", "updated"]
    titles = {one["data"]["title"] for one in await sample.feed()}
    assert "unwanted" not in titles


async def test_a_dry_run_says_what_would_be_and_changes_nothing(sample):
    rows, events = await count(sample), await count(sample, "outbox")
    reply = await sample.client.post(
        "/v1/notes/by-external/other/batch",
        params={"dry_run": True},
        json=batch_of((uuid4().hex, "dry", 1)),
    )
    assert [one["status"] for one in reply.json()["items"]] == ["created"]
    assert reply.json()["dry_run"] is True
    assert (await count(sample), await count(sample, "outbox")) == (rows, events)


async def test_twenty_first_sights_of_one_record_make_one(sample):
    """B43: the target's database promises that a foreign record never becomes two."""
    name = uuid4().hex
    replies = await asyncio.gather(
        *(
            sample.post("/v1/notes/by-external/other/batch", batch_of((name, "same", 1)))
            for _ in range(20)
        )
    )
    outcomes = [reply.json()["items"][0] for reply in replies]
    assert sorted({one["status"] for one in outcomes}) == ["created", "stale"]
    assert sum(one["status"] == "created" for one in outcomes) == 1
    assert len({one["id"] for one in outcomes}) == 1


async def test_the_version_tells_the_commit_that_was_built(cluster, sample_module):
    """The image sets TANDEM_REVISION."""
    async with running(sample_module.SERVICE, cluster, revision="4f2a9c1") as built:
        told = (await built.client.get("/version")).json()
    assert told == {
        "service": "sample",
        "version": "0.0.0",
        "revision": "4f2a9c1",
        "schema": "0001",
    }


async def test_while_the_document_is_written_others_are_served(cluster, sample_module, monkeypatch):
    """For a large API that takes seconds; the sequencer and the load balancer cannot wait."""
    begun, go_on = threading.Event(), threading.Event()
    async with running(sample_module.SERVICE, cluster) as slow:
        write = slow.app.openapi

        def slowly():
            begun.set()
            return {**write(), "x-waited": go_on.wait(timeout=10)}

        monkeypatch.setattr(slow.app, "openapi", slowly)
        asked = asyncio.create_task(slow.client.get("/openapi.json"))
        await asyncio.to_thread(begun.wait)
        assert (await slow.client.get("/livez")).is_success
        go_on.set()
        document = (await asked).json()
    assert (document["x-waited"], document["openapi"][:3]) == (True, "3.1")


async def test_health_version_and_docs_answer_without_a_key(sample):
    stranger = sample.with_key("tdm_sample_nobody")
    assert (await stranger.get("/livez")).json() == {"status": "alive"}
    ready = await stranger.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (
        200,
        {"database": "ok", "schema": "ok"},
    )
    assert (await stranger.get("/version")).json()["schema"] == "0001"
    page = await stranger.get("/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace("</", "").replace("http://sample.test", "").replace(
        "// ", ""
    )
    assert '"validatorUrl": null' in page.text, "it would ask a validator on the internet"
    asset = await stranger.get("/docs/assets/swagger-ui.css")
    assert asset.status_code == 200
    explained = await stranger.get("/problems/title_refused")
    assert "Title refused" in explained.text


async def test_a_connection_cut_by_the_server_does_not_spoil_the_next_request(
    cluster, sample_module
):
    """The pool hands out no connection that the server closed."""
    async with running(sample_module.SERVICE, cluster) as cut_off:
        async with cut_off.database.driver() as sql:
            await sql.execute(
                "select pg_terminate_backend(pid, 10000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        replies = [await cut_off.client.get("/v1/notes") for _ in range(20)]
        assert {reply.status_code for reply in replies[2:]} <= {httpx.codes.OK}


async def test_a_service_is_not_ready_with_another_schema(cluster, sample_module):
    """A new version takes no traffic before its migration has run."""
    async with running(sample_module.SERVICE, cluster) as early:
        owner = await asyncpg.connect(early.owner_url)
        await owner.execute("update alembic_version set version_num = '0000'")
        await owner.close()
        reply = await early.client.get("/readyz")
        alive = await early.client.get("/livez")
    assert (reply.status_code, alive.status_code) == (503, 200)
    checks = {"database": "ok", "schema": "at 0000, needs 0001: run migrate"}
    assert reply.json() == {"status": "not_ready", "checks": checks}


async def test_a_promise_that_only_the_database_checked_is_a_conflict(sample):
    """Nothing is changed, and the caller is not told of a fault of ours."""
    reply = await sample.post("/v1/notes", {"title": "forbidden"})
    assert (reply.status_code, reply.json()["code"]) == (409, "conflict")


@pytest.mark.parametrize("reason", ["disk_full", "out_of_memory"])
async def test_a_database_without_room_says_so_and_changes_nothing(sample, reason):
    """Not a fault of ours: the caller waits, the bridge does not park, somebody frees space."""
    sql = await asyncpg.connect(sample.owner_url)
    try:
        await sql.execute(
            "create function no_room() returns trigger language plpgsql as"
            f" $$ begin raise exception 'no room' using errcode = '{reason}'; end $$;"
            "create trigger no_room before insert on note for each row"
            " when (new.title = 'heavy') execute function no_room()"
        )
        before = await count(sample)
        reply = await sample.post("/v1/notes", {"title": "heavy"})
    finally:
        await sql.execute("drop function if exists no_room cascade")
        await sql.close()
    assert (reply.status_code, reply.json()["code"]) == (503, "database_full")
    assert reply.headers["retry-after"] == "30"
    assert await count(sample) == before


@pytest.mark.parametrize("host", ["/nowhere", "127.0.0.1:1"], ids=["socket", "port"])
async def test_a_database_that_is_not_there_is_asked_again_later(sample, host):
    """No server at the address, as while it starts again: 503, and the caller may repeat."""
    url = f"postgresql://sample:x@/sample?host={host}"
    away = sample.service.connect(sample.settings, url=url)
    app = create_app(sample.service, sample.settings, away)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {sample.admin_key}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://away.test") as client:
        reply = await client.get("/v1/notes", headers=headers)
        ready = await client.get("/readyz")
    assert (reply.status_code, reply.json()["code"]) == (503, "database_unavailable")
    assert reply.headers["retry-after"] == "2"
    assert (ready.status_code, ready.json()["status"]) == (503, "not_ready")
    await away.close()
