"""A query is taken as it is written: one form for true, for a number and for a day, everywhere."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from identity.testing.service import ServiceUnderTest, running
from sync_bridge.app import SERVICE as BRIDGE

SPACES = ("", " ")
NUMBERS = ("1e2", " 10", "10 ", "10\n", "+5", "\uff11\uff10", "\u0663", "1_0", "0x10", "ten")
DAYS = ("0", "1764201600", "20261128", "2026-11-28T00:00:00", "2026-1-2", "\uff12026-11-28")
WRONG: dict[str, tuple[str, ...]] = {
    "boolean": (*SPACES, "yes", "no", "on", "off", "1", "0", "t", "f", "True", "FALSE", " true"),
    "integer": (*SPACES, *NUMBERS, "1.0", "--1"),
    "number": (*SPACES, *NUMBERS, "nan", "inf", "Infinity", ".5", "5."),
    "date": (*SPACES, *DAYS, "2026-02-30", "today", "2026-11-28 "),
}
"""Kind of a parameter -> what is none of it."""
RIGHT = {
    "boolean": ("true", "false"),
    "integer": ("1", "10"),
    "number": ("0", "0.0"),
    "date": ("2026-11-28",),
}
CODES = {
    "boolean": {"bool_parsing"},
    "integer": {"int_parsing"},
    "number": {"float_parsing"},
    "date": {"day_form", "date_from_datetime_parsing"},
}
CHINESE = {"bool_parsing": "true", "int_parsing": "\u6574\u6570", "float_parsing": "\u6570\u5b57"}
UNKNOWN = str(UUID(int=1))
AT_ONCE = {"/v1/positions/wait": {"timeout": "0"}}
"""What else is asked, so that the reply does not wait for anything."""


@dataclass(frozen=True)
class Asked:
    """A parameter of a path's query, and what it is."""

    method: str
    path: str
    name: str
    kind: str


def asked_of(document: dict[str, Any]) -> Iterator[Asked]:
    """Every parameter of every query that has one of the kinds."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for one in operation.get("parameters", ()):
                if one["in"] != "query":
                    continue
                for schema in (one["schema"], *one["schema"].get("anyOf", ())):
                    kind = schema.get("format") or schema.get("type")
                    if kind in WRONG:
                        yield Asked(method, filled(path), one["name"], kind)


def filled(path: str) -> str:
    """The path with something in the place of every parameter."""
    parts = [UNKNOWN if part.startswith("{") else part for part in path.split("/")]
    return "/".join("shop" if before == "by-external" else part for before, part in pairs(parts))


def pairs(parts: list[str]) -> Iterator[tuple[str, str]]:
    """Each part with the one before it."""
    yield from zip(["", *parts], parts, strict=False)


@pytest.fixture(scope="module", params=[CRM, ERP, BRIDGE], ids=["crm", "erp", "bridge"])
async def half(request, cluster) -> AsyncIterator[ServiceUnderTest]:
    async with running(request.param, cluster) as started:
        yield started


async def said(half: ServiceUnderTest, asked: Asked, value: str, language: str = "en") -> Any:
    """What is said of the parameter, by code; empty where the value is none of the wrong ones."""
    reply = await half.client.request(
        asked.method,
        asked.path,
        json=None if asked.method == "get" else {},
        params=AT_ONCE.get(asked.path, {}) | {asked.name: value},
        headers={"Accept-Language": language, "If-Match": "*"},
    )
    assert reply.status_code < 500, reply.text
    errors = reply.json().get("errors", ()) if reply.status_code == 422 else ()
    pointers = {f"/query/{asked.name}", f"/{asked.name}"}
    return {one["code"]: one["message"] for one in errors if one["pointer"] in pointers}


async def test_a_query_takes_each_kind_in_one_form_only(half):
    found = list(asked_of(half.app.openapi()))
    assert {one.kind for one in found} >= {"integer", "number"}
    for asked in found:
        for wrong in WRONG[asked.kind]:
            told = await said(half, asked, wrong)
            assert told, (asked, wrong)
            codes = CODES[asked.kind] if wrong.strip() else {"empty"}
            assert told.keys() <= codes, (asked, wrong, told)
        for right in RIGHT[asked.kind]:
            assert await said(half, asked, right) == {}, (asked, right)


async def test_it_is_said_in_chinese_too(half):
    kinds = {one.kind: one for one in asked_of(half.app.openapi()) if one.kind != "date"}
    for asked in kinds.values():
        for code, message in (await said(half, asked, "yes", "zh-CN")).items():
            assert CHINESE[code] in message
            assert not message.isascii()


async def test_who_is_unknown_is_told_that_and_nothing_else(half):
    asked = half.client.build_request("GET", "/v1/events", params={"limit": "+5"})
    del asked.headers["Authorization"]
    reply = await half.client.send(asked)
    assert (reply.status_code, reply.json()["code"]) == (401, "unauthorized")
