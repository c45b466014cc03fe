"""A route answers by its plan as FastAPI would, and FastAPI says what is not in order."""

from collections.abc import AsyncIterator
from datetime import date
from typing import Annotated

import httpx
import pytest
from fastapi import (
    APIRouter,
    Body,
    Depends,
    FastAPI,
    Header,
    HTTPException,
    Query,
    Request,
    Response,
)
from pydantic import BaseModel, ConfigDict

from chassis.http.planning import Plan
from chassis.http.routing import api_router
from identity.testing.service import running


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")

    item: str
    quantity: int = 1


class Seen(BaseModel):
    text: str


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: str = "open"
    limit: int = 50


def log_of(request: Request) -> list[str]:
    return request.app.state.log


async def who(request: Request) -> str:
    log_of(request).append("who")
    if request.headers.get("x-who") == "nobody":
        raise HTTPException(403)
    return request.headers.get("x-who", "anybody")


By = Annotated[str, Depends(who)]


async def act(request: Request, by: By) -> AsyncIterator[list[str]]:
    log_of(request).append(f"begin {by}")
    try:
        done: list[str] = []
        yield done
    except Exception as raised:
        log_of(request).append(f"rollback {type(raised).__name__}")
        raise
    log_of(request).append(f"commit {done}")


Act = Annotated[list[str], Depends(act, scope="function")]


async def once(work: Act, order_key: Annotated[str | None, Header()] = None) -> None:
    work.append(f"key {order_key}")


Once = Annotated[None, Depends(once, scope="function")]


def router() -> APIRouter:
    """A route of every kind that ours are of, and some that ours are not."""
    at = api_router(prefix="/v1/orders", tag="orders")
    at.post("/{number}/lines", status_code=201)(add)
    at.get("")(listed)
    at.get("/asked")(asked)
    at.get("/raw")(raw)
    at.post("/wrong")(wrong)
    at.post("/two")(two)
    at.delete("/{number}", status_code=204)(gone)
    at.get("/slow")(slow)
    return at


async def add(
    number: int, order: Order, _by: By, _once: Once, work: Act, response: Response
) -> Seen:
    work.append(f"add {order.quantity}")
    response.headers["ETag"] = f'"{number}"'
    if order.quantity == 7:
        response.status_code = 200
    if order.quantity == 13:
        raise HTTPException(409)
    return Seen(text=f"{number} {order.item}")


async def listed(wanted: Annotated[Wanted, Query()], by: By) -> list[Seen]:
    return [Seen(text=f"{by} {wanted.status} {wanted.limit}")]


async def asked(
    day: date | None = None,
    number: Annotated[int, Query(ge=1)] = 7,
    which: Annotated[list[str], Query()] = (),  # type: ignore[assignment]
    *,
    exact: bool = False,
) -> Seen:
    return Seen(text=f"{day} {number} {exact} {list(which)}")


async def raw() -> Response:
    return Response(b"raw", media_type="text/plain")


async def wrong(work: Act) -> Seen:
    work.append("wrong")
    return {"text": 5}  # type: ignore[return-value] # what no view is


async def two(one: Annotated[Order, Body()], other: Annotated[Order, Body()]) -> Seen:
    return Seen(text=one.item + other.item)


async def gone(number: int) -> None:
    assert number == 5


def slow() -> Seen:
    return Seen(text="in a thread")


LINE = "/v1/orders/5/lines"
TOLD = {"x-who": "Ann", "order-key": "k"}
REQUESTS = {
    "in order": ("POST", LINE, {"json": {"item": "bolt"}, "headers": TOLD}),
    "another status": ("POST", LINE, {"json": {"item": "bolt", "quantity": 7}}),
    "refused by the act": ("POST", LINE, {"json": {"item": "bolt", "quantity": 13}}),
    "refused before it": ("POST", LINE, {"json": {"item": "b"}, "headers": {"x-who": "nobody"}}),
    "refused and wrong": ("POST", LINE, {"json": {}, "headers": {"x-who": "nobody"}}),
    "wrong body": ("POST", LINE, {"json": {"item": 5, "more": 1}}),
    "no body": ("POST", LINE, {}),
    "null": ("POST", LINE, {"json": None}),
    "a list": ("POST", LINE, {"json": [1]}),
    "no JSON": ("POST", LINE, {"content": b"{", "headers": {"content-type": "application/json"}}),
    "not UTF-8": (
        "POST",
        LINE,
        {"content": b'{"item": "\xff"}', "headers": {"content-type": "application/json"}},
    ),
    "too deep": (
        "POST",
        LINE,
        {"content": b"[" * 90_000, "headers": {"content-type": "application/json"}},
    ),
    "another type": (
        "POST",
        LINE,
        {"content": b'{"item": "bolt"}', "headers": {"content-type": "text/plain"}},
    ),
    "a JSON type": (
        "POST",
        LINE,
        {"content": b'{"item": "bolt"}', "headers": {"content-type": "application/x+json"}},
    ),
    "a charset": (
        "POST",
        LINE,
        {
            "content": b'{"item": "bolt"}',
            "headers": {"content-type": "application/json; charset=utf-8"},
        },
    ),
    "no type": ("POST", LINE, {"content": b'{"item": "bolt"}'}),
    "wrong path": ("POST", "/v1/orders/five/lines", {"json": {"item": "bolt"}}),
    "a query": ("GET", "/v1/orders?status=late&limit=5", {}),
    "wrong query": ("GET", "/v1/orders?limit=many", {}),
    "nothing asked": ("GET", "/v1/orders/asked", {}),
    "all asked": ("GET", "/v1/orders/asked?day=2026-01-05&number=2&exact=yes&which=a&which=b", {}),
    "asked twice": ("GET", "/v1/orders/asked?number=2&number=3", {}),
    "asked wrongly": ("GET", "/v1/orders/asked?day=monday&number=0&exact=perhaps", {}),
    "asked for nothing": ("GET", "/v1/orders/asked?day=", {}),
    "a header twice": (
        "POST",
        LINE,
        {"json": {"item": "bolt"}, "headers": [("order-key", "a"), ("order-key", "b")]},
    ),
    "a reply of its own": ("GET", "/v1/orders/raw", {}),
    "two bodies": (
        "POST",
        "/v1/orders/two",
        {"json": {"one": {"item": "a"}, "other": {"item": "b"}}},
    ),
    "nothing to tell": ("DELETE", "/v1/orders/5", {}),
    "in a thread": ("GET", "/v1/orders/slow", {}),
}


async def answered(method, path, more, *, planned=True):
    """What came back, and what was done for it."""
    app = FastAPI()
    app.state.log = []
    app.state.planned_requests = planned
    app.router.routes.extend(router().routes)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
        reply = await client.request(method, path, **more)
    return reply.status_code, sorted(reply.headers.multi_items()), reply.content, app.state.log


@pytest.mark.parametrize("sent", REQUESTS.values(), ids=REQUESTS)
async def test_a_plan_comes_to_the_same_as_fastapi(sent, monkeypatch):
    planned = await answered(*sent)
    monkeypatch.delattr(Plan, "answer")
    assert planned == await answered(*sent, planned=False)


async def test_a_setting_turns_plans_off(cluster, sample_module, monkeypatch):
    """Decision 0038: whoever runs a service can do without them."""
    async with running(sample_module.SERVICE, cluster, planned_requests=False) as service:
        monkeypatch.delattr(Plan, "answer")
        made = await service.post("/v1/notes", {"title": "without a plan"})
        assert made.status_code == 201
        listed = await service.client.get("/v1/notes")
        assert [one["id"] for one in listed.json()["items"]] == [made.json()["id"]]


async def test_what_was_begun_is_committed_before_the_reply():
    status, headers, body, log = await answered(*REQUESTS["in order"])
    assert (status, body) == (201, b'{"text":"5 bolt"}')
    assert ("etag", '"5"') in headers
    assert log == ["who", "begin Ann", "commit ['key k', 'add 1']"]


async def test_a_reply_that_is_no_view_takes_everything_back():
    status, _, _, log = await answered("POST", "/v1/orders/wrong", {})
    assert status == 500
    assert log == ["who", "begin anybody", "rollback ResponseValidationError"]


def test_a_plan_is_made_of_what_plans_know():
    planned = {route.name: Plan.of(route) is not None for route in router().routes}
    assert planned == {
        "add": True, "listed": True, "asked": True, "raw": False, "wrong": True,
        "two": False, "gone": False, "slow": False,
    }  # fmt: skip


async def test_a_plan_looks_before_anything_is_done():
    """Of a request that is not in order nothing is begun, unlike FastAPI's own way."""
    plan = Plan.of(router().routes[0])
    parts = {"headers": [], "path_params": {"number": "5"}, "query_string": b""}
    assert plan is not None
    assert await plan.answer(Request({"type": "http", "method": "POST"} | parts)) is None
