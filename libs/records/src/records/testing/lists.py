"""What the tests of a service ask of all its lists."""

import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from records.reads import Reads

__all__ = [
    "TIMES",
    "TOTALS",
    "check_filters",
    "check_list",
    "paged_lists",
    "reads_of",
    "sorts_without_index",
]

TIMES = {"created_from", "created_to", "updated_from", "updated_to"}
TOTALS = {"total_from", "total_to"}
NUMBERS = TOTALS | {"score_from", "touches_gte"}
"""Ranges of numbers; the others are of days."""
SETS = ("status", "state", "stage", "kind")
DAYS = {"created_from": "2000-01-01", "updated_from": "2000-01-01"}


def paged_lists(document: Mapping[str, Any]) -> dict[str, set[str]]:
    """The lists with pages in an OpenAPI document, by path, with what each may be asked.

    Without those of what belongs to one record, such as its history.
    """
    asked = {
        path: {one["name"] for one in acts["get"].get("parameters", [])}
        for path, acts in document["paths"].items()
        if "get" in acts
    }
    return {path: names for path, names in asked.items() if "cursor" in names and "{" not in path}


async def check_list(client: httpx.AsyncClient, path: str, names: set[str]) -> None:
    """See to it that a list can be asked what every list can: a total, fields, days, a link."""
    whole = await _listed(client, path, include_total="true", limit="1")
    rows, total = whole.json()["items"], whole.json()["total"]
    assert total["count"] >= len(rows), path
    assert ("link" in whole.headers) == (whole.json()["next_cursor"] is not None), path
    if rows:
        [name, *_] = rows[0]
        [row] = (await _listed(client, path, fields=name, limit="1")).json()["items"]
        assert list(row) == [name], path
    if names >= TIMES:
        same = await _listed(client, path, **DAYS, include_total="true", limit="1")
        assert same.json()["total"] == total, path
        none = await _listed(client, path, **DAYS, created_to="2000-01-01", updated_to="2000-01-01")
        assert none.json()["items"] == [], path


async def check_filters(client: httpx.AsyncClient, path: str, names: set[str]) -> None:
    """See to it that states are asked for as sets, and that reversed ranges are refused."""
    for name in sorted(names.intersection(SETS)):
        known = await _known_words(client, path, name)
        everything = await _listed(client, path, include_total="true", limit="1")
        every = await _listed(client, path, **{name: ",".join(known)}, include_total="true")
        assert every.json()["total"] == everything.json()["total"], (path, name)
        counts = [
            (await _listed(client, path, **{name: word}, include_total="true")).json()["total"]
            for word in known
        ]
        found = sum(count["count"] for count in counts)
        assert found == everything.json()["total"]["count"], (path, name)
    for first in sorted(one for one in names if one.endswith(("_from", "_gte"))):
        last = re.sub("_gte$", "_lte", re.sub("_from$", "_to", first))
        is_amount = first in NUMBERS or "_amount_" in first
        ends = ("2", "1") if is_amount else ("2000-01-02", "2000-01-01")
        reply = await client.get(path, params={first: ends[0], last: ends[1]})
        [error] = reply.json()["errors"]
        assert (error["pointer"], error["code"]) == (f"/query/{first}", "range_reversed"), path


async def _known_words(client: httpx.AsyncClient, path: str, name: str) -> list[str]:
    """The words of a filter, as the refusal of another one names them."""
    reply = await client.get(path, params={name: "nowhere"})
    assert reply.status_code == httpx.codes.UNPROCESSABLE_ENTITY, (path, name)
    [error] = reply.json()["errors"]
    assert (error["pointer"], error["code"]) == (f"/query/{name}", "literal_error"), path
    return re.findall("'([^']+)'", error["message"])


async def _listed(client: httpx.AsyncClient, path: str, **asked: str) -> httpx.Response:
    reply = await client.get(path, params=asked)
    assert reply.status_code == httpx.codes.OK, (path, asked, reply.text)
    return reply


def reads_of(package: str) -> Iterator[Reads[Any]]:
    """Every description of reads in the modules of a package that are imported."""
    found = {
        id(value): value
        for name, module in sys.modules.items()
        if name.split(".")[0] == package
        for value in vars(module).values()
        if isinstance(value, Reads)
    }
    yield from found.values()


async def sorts_without_index(sql: Any, reads: Reads[Any]) -> list[str]:
    """What the list is sorted by without an index that gives the order.

    `sql` is a connection in a transaction of its own: whatever else would give the order is dear.
    """
    for kind in ("seqscan", "sort", "bitmapscan", "hashjoin", "mergejoin"):
        await sql.execute(f"set local enable_{kind} = off")
    found = []
    for name, sort in reads.sorts.items():
        order = f"order by {sort.expression}, {reads.key} limit 51"
        rows = await sql.fetch(f"explain select {reads.key} from {reads.source} {order}")
        plan = "\n".join(row[0] for row in rows)
        # Where an index gives the first column of the order, only equals are sorted.
        if "Sort Key" in plan and "Presorted Key" not in plan:
            found.append(f"{reads.name} by {name}")
    return found
