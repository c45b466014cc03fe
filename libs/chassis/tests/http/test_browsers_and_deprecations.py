"""Pages of other origins, and routes that will go."""

from datetime import date

import httpx
import pytest
from starlette.routing import Route

from chassis.http.deprecation import deprecated, deprecation_headers
from identity.testing.desk import require_problem
from identity.testing.service import running

PAGE = "https://shop.example.com"


@pytest.fixture(scope="module")
async def open_sample(sample_module, cluster):
    """The sample service, open for the pages of two origins."""
    origins = f"{PAGE},https://pos.example.com:8443"
    async with running(
        sample_module.SERVICE, cluster, cors_origins=origins, cors_credentials=True
    ) as sample:
        yield sample


def preflight(origin):
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,if-match,content-type",
    }


async def test_a_page_of_a_listed_origin_asks_first_and_reads_the_headers(open_sample):
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=open_sample.app), base_url="http://sample.test"
    ) as nobody:
        asked = await nobody.options("/v1/notes", headers=preflight(PAGE))
    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == PAGE
    assert asked.headers["access-control-allow-credentials"] == "true"
    assert "PATCH" in asked.headers["access-control-allow-methods"]
    assert "if-match" in asked.headers["access-control-allow-headers"].lower()
    reply = await open_sample.client.get("/v1/notes", headers={"Origin": PAGE})
    assert reply.status_code == 200
    assert reply.headers["access-control-allow-origin"] == PAGE
    assert "Origin" in reply.headers["vary"]
    exposed = set(reply.headers["access-control-expose-headers"].split(", "))
    assert exposed >= {"ETag", "Location", "Link", "Retry-After", "RateLimit", "RateLimit-Policy"}


async def test_a_refusal_can_be_read_by_the_page_too(open_sample):
    reply = await open_sample.client.get("/v1/notes/newest?colour=red", headers={"Origin": PAGE})
    assert reply.status_code == 422
    assert reply.headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize("origin", ["https://evil.example.com", "http://shop.example.com", "null"])
async def test_a_page_of_another_origin_is_not_let_in(open_sample, origin):
    asked = await open_sample.client.options("/v1/notes", headers=preflight(origin))
    assert asked.status_code == 400
    assert "access-control-allow-origin" not in asked.headers
    reply = await open_sample.client.get("/v1/notes", headers={"Origin": origin})
    assert "access-control-allow-origin" not in reply.headers


@pytest.mark.parametrize(
    ("asked", "refused"),
    [
        ({"Origin": "https://evil.example.com"}, "origin"),
        ({"Access-Control-Request-Method": "TRACE"}, "method"),
        ({"Access-Control-Request-Headers": "x-secret"}, "headers"),
        ({"Origin": "null", "Access-Control-Request-Method": "TRACE"}, "origin, method"),
    ],
)
async def test_a_refused_preflight_says_what_is_refused(open_sample, asked, refused):
    headers = preflight(PAGE) | asked
    reply = await open_sample.client.options("/v1/notes", headers=headers)
    problem = require_problem(reply, 400, "preflight_refused")
    assert problem["facts"] == {"refused": refused}
    assert refused in problem["detail"]
    assert int(reply.headers["content-length"]) == len(reply.content)
    chinese = await open_sample.client.options(
        "/v1/notes", headers=headers | {"Accept-Language": "zh-CN"}
    )
    assert chinese.json()["title"] == "此来源的页面不得发送该请求"


async def test_without_the_setting_no_page_is_let_in(sample):
    asked = await sample.client.options("/v1/notes", headers=preflight(PAGE))
    assert asked.status_code == 405
    reply = await sample.client.get("/v1/notes", headers={"Origin": PAGE})
    assert not [name for name in reply.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "origins", ["shop.example.com", f"{PAGE}/", f"{PAGE}, https://a.example", "https://*.example"]
)
def test_what_is_no_list_of_origins_is_refused_at_the_start(sample_module, origins):
    with pytest.raises(ValueError, match="cors_origins"):
        sample_module.SERVICE.settings.model_validate({"cors_origins": origins})


def test_credentials_are_for_named_origins_only(sample_module):
    with pytest.raises(ValueError, match="by name"):
        sample_module.SERVICE.settings.model_validate(
            {"cors_origins": "*", "cors_credentials": True}
        )


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("query", ["", "?colour=red"])
async def test_a_route_that_will_go_says_so_with_each_reply(sample, monkeypatch, planned, query):
    """RFC 9745 and RFC 8594: since when, until when, and where it is told what to do."""
    monkeypatch.setitem(sample.app.state._state, "planned_requests", planned)
    await sample.post("/v1/notes", {"title": "newest"})
    reply = await sample.client.get(f"/v1/notes/newest{query}")
    assert reply.status_code == (422 if query else 200)
    assert reply.headers["deprecation"] == "@1795824000"
    assert reply.headers["sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
    page = "https://notes.example.com/newest"
    assert reply.headers["link"] == f'<{page}>; rel="deprecation", <{page}>; rel="sunset"'
    assert reply.links["sunset"]["url"] == page


async def test_other_routes_say_nothing_of_the_kind(sample):
    reply = await sample.client.get("/v1/notes")
    assert not {"deprecation", "sunset"} & set(reply.headers)


def test_the_contract_says_it_too(sample):
    document = sample.app.openapi()
    operation = document["paths"]["/v1/notes/newest"]["get"]
    assert operation["deprecated"] is True
    assert operation["x-deprecation"]["gone"] == "2027-06-01"
    assert "gone on 2027-06-01" in operation["description"]
    for reply in operation["responses"].values():
        assert {"Deprecation", "Sunset"} <= reply["headers"].keys()
    assert "deprecated" not in document["paths"]["/v1/notes"]["get"]


def test_a_route_is_not_gone_before_it_is_deprecated():
    with pytest.raises(ValueError, match="but deprecated only since"):
        deprecated(since=date(2027, 1, 1), gone=date(2027, 1, 1), link="https://a.example")


def test_most_routes_have_no_such_headers():
    assert deprecation_headers(None) == ()
    assert not hasattr(Route("/", lambda request: request), "reply_headers")
