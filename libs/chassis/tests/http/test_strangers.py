"""What strangers are answered: little, at little cost, and nothing that leads elsewhere."""

import base64
import hashlib
import json
import re
from uuid import uuid4

import httpx
import pytest

from chassis import texts
from chassis.problems.problem import ERRORS_MAX
from chassis.texts import preferred_language
from identity.testing.desk import require_problem
from identity.testing.service import running

WRITES = [
    ("POST", "/v1/notes", "notes.write"),
    ("PATCH", f"/v1/notes/{uuid4()}", "notes.write"),
    ("POST", "/v1/api-keys", "admin"),
    ("PUT", f"/v1/api-keys/{uuid4()}/systems", "admin"),
]


@pytest.fixture(params=[True, False], ids=["planned", "by FastAPI"])
def unread(request, sample):
    """A body that nobody may begin to read, in either way that requests are answered."""
    state = sample.app.state
    before, state.planned_requests = getattr(state, "planned_requests", True), request.param

    begun = []

    async def pieces():
        begun.append("the body was read")
        yield b""

    yield pieces()
    state.planned_requests = before
    assert not begun


async def ask(sample, method, path, **options):
    """The reply to a caller by whom nothing but these options is sent."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
    headers |= {"If-Match": '"1"'} | options.pop("headers", {})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=sample.app), base_url="http://sample.test"
    ) as nobody:
        return await nobody.request(method, path, headers=headers, **options)


@pytest.mark.parametrize("write", WRITES)
async def test_an_unknown_caller_is_refused_before_the_body_is_read(sample, unread, write):
    method, path, _ = write
    shown = {"Authorization": "Bearer td_wrong"}
    reply = await ask(sample, method, path, content=unread, headers=shown)
    require_problem(reply, 401, "unauthorized")


@pytest.mark.parametrize("write", WRITES)
async def test_who_may_not_is_refused_before_the_body_is_read(sample, unread, write):
    method, path, scope = write
    reader = await sample.as_("events.read")
    shown = {"Authorization": reader.headers["Authorization"]}
    reply = await ask(sample, method, path, content=unread, headers=shown)
    assert require_problem(reply, 403, "forbidden")["facts"] == {"scope": scope}


@pytest.mark.parametrize("declared", [True, False])
async def test_a_log_in_has_a_small_body(sample, declared):
    body = json.dumps({"login": "x", "password": "y" * 5000}).encode()
    assert len(body) < sample.settings.max_body_bytes

    async def pieces():
        for at in range(0, len(body), 1000):
            yield body[at : at + 1000]

    reply = await ask(sample, "POST", "/v1/sessions", content=body if declared else pieces())
    assert require_problem(reply, 413, "too_large")["facts"] == {"limit": 4096}


async def test_a_length_that_is_not_that_of_the_body_frees_it_from_no_limit(sample):
    async def pieces():
        for _ in range(5):
            yield b" " * 1000

    shown = {"Content-Length": "10", "Transfer-Encoding": "chunked"}
    reply = await ask(sample, "POST", "/v1/sessions", content=pieces(), headers=shown)
    require_problem(reply, 413, "too_large")


@pytest.mark.parametrize(
    "body",
    [
        {f"f{at}": 0 for at in range(5000)},
        {"title": "x", **{f"f{at}": {"in": at} for at in range(5000)}},
    ],
)
async def test_the_list_of_errors_has_an_end(sample, body):
    reply = await sample.post("/v1/notes", body)
    told = require_problem(reply, 422, "invalid_input")
    assert len(told["errors"]) == ERRORS_MAX
    query = {f"f{at}": "x" for at in range(1000)}
    told = require_problem(await sample.client.get("/v1/notes", params=query), 422, "invalid_input")
    assert len(told["errors"]) == ERRORS_MAX
    assert len(reply.content) < 64 * 1024


def test_of_accepted_languages_only_the_beginning_is_read_and_kept():
    texts._preferred.cache_clear()
    long = ",".join(f"x{at};q=0.5" for at in range(100_000))
    assert preferred_language(f"zh-CN,{long}", "en") == "zh-CN"
    assert preferred_language(f"{long},zh-CN", "en") == "en"
    for at in range(10):
        preferred_language(f"{long}{at}", "en")
    assert texts._preferred.cache_info().currsize == 2


@pytest.mark.parametrize(
    "path", ["/v1/notes/", "/v1/api-keys/", "/docs/", "/openapi.json/", "/livez/"]
)
async def test_nobody_is_led_to_another_host(sample, path):
    reply = await sample.client.get(path, headers={"Host": "evil.example"})
    assert "location" not in reply.headers
    require_problem(reply, 404, "path_not_found")


PAGES = ("/docs", "/problems/forbidden")
ALL = (*PAGES, "/livez", "/openapi.json", "/v1/notes", "/nothing")


@pytest.mark.parametrize("path", ALL)
async def test_no_page_of_others_shows_ours_in_a_frame(sample, path):
    reply = await sample.client.get(path)
    assert reply.headers["x-frame-options"] == "DENY"
    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", PAGES)
async def test_a_page_runs_the_scripts_that_stand_in_it_and_no_other(sample, path):
    reply = await sample.client.get(path)
    policy = reply.headers["content-security-policy"]
    allowed = set(re.findall(r"'sha256-([^']+)'", policy))
    scripts = re.findall(rb"<script>(.*?)</script>", reply.content, re.DOTALL)
    found = {base64.b64encode(hashlib.sha256(one).digest()).decode() for one in scripts}
    assert found == allowed
    assert "script-src 'self' 'unsafe" not in policy


@pytest.mark.parametrize("path", [*ALL, "/docs/assets/swagger-ui.css", "/schemas", "/version"])
async def test_whatever_may_be_got_answers_head(sample, path):
    got = await sample.client.get(path)
    asked = await sample.client.head(path)
    assert (asked.status_code, asked.content) == (got.status_code, b"")
    named = {"content-type", "content-length", "cache-control", "content-security-policy"}
    assert {name: asked.headers[name] for name in named} == {
        name: got.headers[name] for name in named
    }


async def test_a_path_without_get_has_no_head_and_says_what_it_knows(sample):
    reply = await sample.client.head("/v1/sessions/end")
    assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
    other = await sample.client.delete("/v1/notes")
    assert other.headers["allow"] == "GET, HEAD, POST"


async def test_a_star_means_whichever_version_there_is(sample):
    note = (await sample.post("/v1/notes", {"title": f"star {uuid4()}"})).json()
    path = f"/v1/notes/{note['id']}"
    for version in (2, 3):
        body = {"title": f"star {uuid4()}"}
        changed = await sample.client.patch(path, json=body, headers={"If-Match": " * "})
        assert (changed.status_code, changed.headers["etag"]) == (200, f'"{version}"')
    nowhere = f"/v1/notes/{uuid4()}"
    reply = await sample.client.patch(nowhere, json={"title": "x"}, headers={"If-Match": "*"})
    require_problem(reply, 404, "not_found")
    for wrong in ('"*"', "**", '*, "1"'):
        reply = await sample.client.patch(path, json={"title": "x"}, headers={"If-Match": wrong})
        require_problem(reply, 422, "invalid_input")


@pytest.mark.parametrize(
    ("settings", "is_open"),
    [
        ({}, True),
        ({"metrics_port": 9464}, False),
        ({"environment": "production"}, False),
        ({"environment": "production", "metrics_port": 9464}, False),
    ],
)
async def test_metrics_are_for_those_inside(sample_module, cluster, settings, is_open):
    async with running(sample_module.SERVICE, cluster, **settings) as sample:
        reply = await sample.client.get("/metrics")
        assert reply.status_code == (200 if is_open else 404)
