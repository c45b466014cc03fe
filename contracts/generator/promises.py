"""What of a whole contract may not change: operations, an event's file, topics, problems."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from contracts.generator.breaking import Change, Side, schema_breaks

__all__ = ["asyncapi_breaks", "event_breaks", "openapi_breaks", "problem_breaks", "version_allows"]

Document = Mapping[str, Any]
METHODS = ("get", "put", "post", "delete", "patch")


def version_allows(old: str, new: str) -> bool:
    """True when the number says that promises may have changed: 1.4 to 2.0, or 0.4 to 0.5."""
    before, after = _numbers(old), _numbers(new)
    return after[0] > before[0] or (after[0] == before[0] == 0 and after[1] > before[1])


def _numbers(version: str) -> tuple[int, int]:
    major, minor, *_ = (*version.split("."), "0")
    return int(major), int(minor)


def event_breaks(old: Document, new: Document) -> list[str]:
    """Why the new schema of an event is not the same event any more."""
    place = str(old.get("title", "event"))
    return list(schema_breaks(Change(old, new, Side.EVENT, place, old, new)))


def asyncapi_breaks(old: Document, new: Document) -> list[str]:
    """Why a consumer of the old topics may find nothing in the new ones, or cannot read it."""
    found: list[str] = []
    after = {one["address"]: one["messages"] for one in new["channels"].values()}
    for channel in old["channels"].values():
        topic = channel["address"]
        found += [
            f"{topic}: {message} is no longer sent there"
            for message in channel["messages"]
            if message not in after.get(topic, {})
        ]
    for name in old["components"]["messages"].keys() & new["components"]["messages"].keys():
        before, now = (one["components"]["messages"][name] for one in (old, new))
        found += [
            f"{name}: {word} changed"
            for word in ("name", "contentType", "bindings")
            if before.get(word) != now.get(word)
        ]
    before, now = (one["components"]["schemas"]["Attributes"] for one in (old, new))
    return [*found, *schema_breaks(Change(before, now, Side.EVENT, "headers", old, new))]


def problem_breaks(old: str, new: str) -> list[str]:
    """Codes of the problem catalogue that have another status now."""
    before, after = (dict(PROBLEM.findall(page)) for page in (old, new))
    return [
        f"{code}: status {before[code]} became {after[code]}"
        for code in sorted(before.keys() & after.keys())
        if before[code] != after[code]
    ]


PROBLEM = re.compile(r"^### (\w+)\n\n\*\*(\d{3})\*\*", re.MULTILINE)
"""A code of the problem catalogue, and its status."""


def openapi_breaks(old: Document, new: Document) -> list[str]:
    """Why a client of the old API may fail at the new one."""
    found: list[str] = []
    unbroken: set[tuple[str, str, Side]] = set()
    for path, before in old["paths"].items():
        after = new["paths"].get(path)
        if after is None:
            found.append(f"{path}: the path is gone")
            continue
        for method in METHODS:
            if method in before and method not in after:
                found.append(f"{method.upper()} {path}: the operation is gone")
            elif method in before:
                operations = before[method], after[method]
                name = f"{method.upper()} {path}"
                found += _Operation(name, *operations, old, new, unbroken).breaks()
    return found


@dataclass(frozen=True)
class _Operation:
    """One operation of two versions of an API."""

    name: str
    before: Document
    after: Document
    old: Document
    new: Document
    unbroken: set[tuple[str, str, Side]]

    def breaks(self) -> Iterator[str]:
        """All that breaks, in words."""
        if self.before.get("operationId") != self.after.get("operationId"):
            yield f"{self.name}: operationId {self.before.get('operationId')} was renamed"
        if not self.before.get("security") and self.after.get("security"):
            yield f"{self.name}: needs credentials now"
        yield from self._parameters()
        yield from self._body()
        yield from self._replies()

    def _schemas(self, place: str, side: Side, before: Document, after: Document) -> Iterator[str]:
        old, new = before.get("schema", {}), after.get("schema", {})
        place = f"{self.name} {place}"
        change = Change(old, new, side, place, self.old, self.new, unbroken=self.unbroken)
        return schema_breaks(change)

    def _parameters(self) -> Iterator[str]:
        before, after = _by_name(self.before), _by_name(self.after)
        for name in sorted(before.keys() - after.keys()):
            yield f"{self.name} {name}: the parameter is gone"
        for name in sorted(after):
            was_required = before.get(name, {}).get("required", False)
            if after[name].get("required", False) and not was_required:
                yield f"{self.name} {name}: is required now"
        for name in sorted(before.keys() & after.keys()):
            yield from self._schemas(name, Side.REQUEST, before[name], after[name])

    def _body(self) -> Iterator[str]:
        before, after = self.before.get("requestBody", {}), self.after.get("requestBody", {})
        if before and not after:
            yield f"{self.name}: takes no body any more"
            return
        if after.get("required", False) and not before.get("required", False):
            yield f"{self.name}: the body is required now"
        yield from self._media("body", Side.REQUEST, before, after)

    def _replies(self) -> Iterator[str]:
        for status, before in self.before["responses"].items():
            after = self.after["responses"].get(status)
            if after is not None:
                yield from self._media(f"reply {status}", Side.REPLY, before, after)
                for header in before.get("headers", {}).keys() - after.get("headers", {}).keys():
                    yield f"{self.name} reply {status}: the header {header} is gone"
            elif status.startswith("2"):
                yield f"{self.name}: reply {status} is gone"

    def _media(self, place: str, side: Side, before: Document, after: Document) -> Iterator[str]:
        old, new = before.get("content", {}), after.get("content", {})
        for media in old:
            if media not in new:
                yield f"{self.name} {place}: {media} is gone"
            else:
                yield from self._schemas(place, side, old[media], new[media])


def _by_name(operation: Document) -> dict[str, Document]:
    parameters = operation.get("parameters", [])
    return {f"{one.get('in')} parameter {one.get('name')}": one for one in parameters}
