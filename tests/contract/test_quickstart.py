"""The quickstart's commands work as they stand there."""

import re
import shlex
from dataclasses import dataclass, field
from typing import Self

import httpx
import pytest

from erp.app import SERVICE
from identity.testing.service import running
from tests.architecture.sources import ROOT

QUICKSTART = ROOT / "docs" / "api" / "quickstart.md"


@dataclass
class Call:
    """One `erp ...` line of the page, as curl would send it."""

    url: str = ""
    method: str = "GET"
    body: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, line: str) -> Self:
        """The call of a shell line."""
        call, words = cls(), iter(shlex.split(line)[1:])
        for word in words:
            if word == "-X":
                call.method = next(words)
            elif word == "-H":
                name, _, value = next(words).partition(": ")
                call.headers[name] = value
            elif word == "-d":
                call.body = next(words)
                call.method = "POST" if call.method == "GET" else call.method
            elif not word.startswith("-"):
                call.url = word.removeprefix("localhost:8001")
        return call


def calls() -> list[Call]:
    """Every call of the page, in its order."""
    blocks = re.findall(r"```sh\n(.*?)```", QUICKSTART.read_text("utf-8"), re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [Call.read(line) for line in lines if re.match(r"erp (?!\()", line)]


@pytest.fixture
async def erp(cluster):
    async with running(SERVICE, cluster) as service:
        yield service


async def send(erp, call: Call, *, created: str) -> httpx.Response:
    headers = {"Content-Type": "application/json", **call.headers}
    path = call.url.replace("$ID", created)
    return await erp.client.request(call.method, path, content=call.body, headers=headers)


async def test_every_command_of_the_quickstart_is_answered(erp):
    """B40, B41: the page promises a replay for a repeated key and a no-op for a repeated put."""
    created = ""
    for call in calls():
        reply = await send(erp, call, created=created)
        assert reply.status_code < 300, (call, reply.text)
        if "Idempotency-Key" in call.headers:
            assert reply.headers["Location"]
            created = reply.json()["id"]
            again = await send(erp, call, created=created)
            assert again.headers["Idempotency-Replayed"] == "true"
            assert again.json() == reply.json()
        if call.method == "PUT":
            assert (reply.status_code, reply.headers["Tandem-Outcome"]) == (201, "created")
            again = await send(erp, call, created=created)
            assert (again.status_code, again.headers["Tandem-Outcome"]) == (200, "unchanged")


def test_the_page_shows_each_kind_of_call():
    assert {call.method for call in calls()} == {"GET", "POST", "PATCH", "PUT"}
    assert len(calls()) >= 6
