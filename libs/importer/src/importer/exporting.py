"""Export: all records of a resource, read through the API, as CSV that is safe in a spreadsheet."""

import csv
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import httpx
import orjson

from importer.errors import SendingFailed
from values.sheets.csv_files import neutral

__all__ = ["export"]

PAGE = 200


async def export(client: httpx.AsyncClient, path: str, out: Path) -> int:
    """Write every record behind a list path to a CSV file; how many there were.

    Nested fields become columns such as `bill_to.city`; lists are written as JSON. Raises
    SendingFailed when the API has no such list, or refuses.
    """
    await _require_known(client, path)
    columns: dict[str, None] = {}
    count = 0
    with tempfile.TemporaryFile("w+b") as rows:
        async for record in _records(client, path):
            flat = _flat(record)
            columns.update(dict.fromkeys(flat))
            rows.write(orjson.dumps(flat) + b"\n")
            count += 1
        rows.seek(0)
        with out.open("w", encoding="utf-8-sig", newline="") as file:
            _write(file, list(columns), rows)
    return count


async def _require_known(client: httpx.AsyncClient, path: str) -> None:
    """See to it that the path is one that the API answers with records."""
    document = (await _get(client, httpx.URL("/openapi.json"))).json()
    known = [
        one
        for one, operations in document["paths"].items()
        if "application/json" in _content(operations.get("get")) and one.startswith("/v1/")
    ]
    parts = path.partition("?")[0].split("/")
    if not any(_fits(parts, one.split("/")) for one in known):
        lists = ", ".join(one.removeprefix("/v1/") for one in known if "{" not in one)
        message = f"there is nothing to export as {path}; there are: {lists}"
        raise SendingFailed(message)


def _content(operation: Mapping[str, Any] | None) -> Mapping[str, Any]:
    reply = (operation or {}).get("responses", {}).get("200", {})
    content: Mapping[str, Any] = reply.get("content", {})
    return content


def _fits(parts: Sequence[str], known: Sequence[str]) -> bool:
    """Whether the parts of a path are those of a known one, or a value where that has a name."""
    return len(parts) == len(known) and all(
        part == name or (name.startswith("{") and part not in {"", ".", ".."})
        for part, name in zip(parts, known, strict=True)
    )


async def _get(client: httpx.AsyncClient, url: httpx.URL) -> httpx.Response:
    try:
        reply = await client.get(url)
    except httpx.TransportError as lost:
        message = f"{client.base_url} does not answer: {lost}"
        raise SendingFailed(message) from lost
    if not reply.is_success:
        message = f"GET {url.path}: {reply.status_code} {reply.text[:300]}"
        raise SendingFailed(message)
    return reply


async def _records(client: httpx.AsyncClient, path: str) -> AsyncIterator[Mapping[str, Any]]:
    """The records of a list, a feed or a report, whatever filters the path has."""
    url: httpx.URL | None = httpx.URL(path)
    if "/reports/" not in path:
        url = httpx.URL(path, params={"limit": str(PAGE)} | dict(httpx.URL(path).params))
    while url is not None:
        reply = await _get(client, url)
        body = reply.json()
        records = _list_of(body)
        for record in records:
            yield record
        url = _following(url, reply, body) if records else None


def _list_of(body: Any) -> list[Mapping[str, Any]]:
    """The records of a reply: of a page, of a feed, the lines of a report, or itself."""
    if isinstance(body, list):
        return body
    if "items" in body:
        return list(body["items"])
    lists = [value for value in body.values() if isinstance(value, list)]
    return lists[0] if len(lists) == 1 else [body]


def _following(url: httpx.URL, reply: httpx.Response, body: Any) -> httpx.URL | None:
    if isinstance(body, dict):
        cursor = body.get("next_cursor")
        return url.copy_merge_params({"cursor": cursor}) if cursor else None
    link = reply.links.get("next")
    return httpx.URL(link["url"]) if link else None


def _flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in record.items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[f"{prefix}{name}"] = value
    return found


def _write(file: IO[str], columns: list[str], rows: IO[bytes]) -> None:
    writer = csv.writer(file)
    writer.writerow(columns)
    for line in rows:
        record = orjson.loads(line)
        writer.writerow([neutral(_text(record.get(name))) for name in columns])


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else orjson.dumps(value).decode()
