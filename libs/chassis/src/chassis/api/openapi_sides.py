"""What a schema promises depends on who sends it: a request may leave out, a reply never does.

Generated clients take both to the letter. A default in a request would be sent by some of them
in each call, also where the server would have chosen by the record; a closed list of states in a
reply would fail at the first new one. So requests have no defaults, the text says what is taken;
replies name every field as sent, and tell the known values in words.
"""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["REFERENCE", "part_sides", "places_in"]

Node = dict[str, Any]
LISTED = ("anyOf", "oneOf", "allOf", "prefixItems")
SINGLE = ("items", "additionalProperties")
JSON = "application/json"
REFERENCE = "#/components/schemas/"


def part_sides(document: Node) -> None:
    """Write each schema as its side promises it; one that both sides use becomes two."""
    schemas: dict[str, Node] = document["components"]["schemas"]
    requests, replies = _roots(document)
    _open_replies(requests, replies, schemas)
    for root in [*requests, *(schemas[name] for name in _reached(requests, schemas))]:
        for part in places_in(root):
            _say_default(part)
    for operation in _operations(document):
        for parameter in operation.get("parameters", []):
            if "description" in parameter["schema"]:
                parameter["description"] = parameter["schema"]["description"]
    used = _reached([*requests, *replies, *_problems(document)], schemas)
    document["components"]["schemas"] = {name: schemas[name] for name in sorted(used)}


def _open_replies(requests: list[Node], replies: list[Node], schemas: dict[str, Node]) -> None:
    """Write what replies refer to as replies keep it, under another name where requests differ."""
    of_replies = _reached(replies, schemas)
    opened = {name: _as_reply(schemas[name], schemas) for name in of_replies}
    parted = _parted(_reached(requests, schemas) & of_replies, schemas, opened)
    for name, schema in opened.items():
        target = f"{name}View" if name in parted else name
        if name in parted and target in schemas:
            message = f"{name} is sent and received: {target} is another schema already"
            raise ValueError(message)
        schemas[target] = schema | {"title": target} if "title" in schema else schema
        _point(schema, parted)
    for root in replies:
        opened_root = _as_reply(root, schemas)
        root.clear()
        root.update(opened_root)
        _point(root, parted)


def places_in(schema: Node) -> Iterator[Node]:
    """A schema and every one inside it; references are not followed."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    inner += [one for word in LISTED for one in schema.get(word, ())]
    inner += [schema[word] for word in SINGLE if isinstance(schema.get(word), dict)]
    for one in inner:
        yield from places_in(one)


def _operations(document: Node) -> Iterator[Node]:
    for methods in document["paths"].values():
        yield from methods.values()


def _contents(holder: Node) -> Iterator[Node]:
    for media in holder.get("content", {}).values():
        if "schema" in media:
            yield media["schema"]


def _roots(document: Node) -> tuple[list[Node], list[Node]]:
    """The schemas of requests (bodies, parameters), and those of replies in JSON."""
    requests: list[Node] = []
    replies: list[Node] = []
    for operation in _operations(document):
        requests += [one["schema"] for one in operation.get("parameters", [])]
        requests += _contents(operation.get("requestBody", {}))
        for reply in operation["responses"].values():
            if JSON in reply.get("content", {}):
                replies += _contents({"content": {JSON: reply["content"][JSON]}})
    return requests, replies


def _problems(document: Node) -> list[Node]:
    """The schemas of all other replies."""
    return [
        schema
        for operation in _operations(document)
        for reply in operation["responses"].values()
        for schema in _contents(reply)
    ]


def _reached(roots: list[Node], schemas: dict[str, Node]) -> set[str]:
    """Names of the schemas that are referred to, directly or through others."""
    found: set[str] = set()
    open_ones = list(roots)
    while open_ones:
        for part in places_in(open_ones.pop()):
            name = str(part.get("$ref", "")).removeprefix(REFERENCE)
            if name and name not in found:
                found.add(name)
                open_ones.append(schemas[name])
    return found


def _parted(shared: set[str], schemas: dict[str, Node], replies: dict[str, Node]) -> set[str]:
    """Those of both sides that promise different things, or refer to one that does."""
    parted = {name for name in shared if _without_defaults(schemas[name]) != replies[name]}
    while True:
        more = {
            name
            for name in shared - parted
            if parted & {_target(part) for part in places_in(schemas[name])}
        }
        if not more:
            return parted
        parted |= more


def _target(part: Node) -> str:
    return str(part.get("$ref", "")).removeprefix(REFERENCE)


def _as_reply(schema: Node, schemas: dict[str, Node]) -> Node:
    """The schema as a reply keeps it: every field is there, and values may be new ones."""

    def promise(part: Node) -> None:
        part.pop("default", None)
        if "properties" in part:
            part["required"] = list(part["properties"])
        values = part.get("enum") or schemas.get(_target(part), {}).get("enum")
        if values and all(isinstance(one, str) for one in values):
            known = ", ".join(f"`{one}`" for one in values)
            part.pop("$ref", None)
            part.pop("enum", None)
            part["type"] = "string"
            part["description"] = _joined(part, f"Known values: {known}; more may come.")

    return _changed(schema, promise)


def _without_defaults(schema: Node) -> Node:
    return _changed(schema, lambda part: part.pop("default", None))


def _changed(schema: Node, change: Callable[[Node], object]) -> Node:
    whole = copy.deepcopy(schema)
    for part in list(places_in(whole)):
        change(part)
    return whole


def _point(schema: Node, parted: set[str]) -> None:
    """Refer to the reply's schema where there are two."""
    for part in places_in(schema):
        if (name := _target(part)) in parted:
            part["$ref"] = f"{REFERENCE}{name}View"


def _say_default(part: Node) -> None:
    """The default in words instead: the server applies it."""
    taken = part.pop("default", None)
    values = taken if isinstance(taken, list) else [taken]
    if all(isinstance(one, bool | int | float | str) and one != "" for one in values):
        shown = [one if isinstance(one, str) else json.dumps(one) for one in values]
        words = ", ".join(f"`{one}`" for one in shown) or "none"
        part["description"] = _joined(part, f"Left out: {words}.")


def _joined(part: Node, sentence: str) -> str:
    before = str(part.get("description", "")).strip()
    if before and before[-1] not in ".!?":
        before += "."
    return f"{before} {sentence}".strip()
