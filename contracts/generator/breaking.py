"""What of a JSON Schema may not change, seen by those who send it, receive it or stored it.

`Side.REQUEST` is what clients send: it may become wider, never narrower. `Side.REPLY` is what
clients receive: fields may come, none may go or change. `Side.EVENT` is both at once, because
consumers read new events and events of long ago alike.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from values.decimals import AMOUNT, DECIMAL, QUANTITY, UNIT_PRICE

__all__ = ["Change", "Side", "schema_breaks"]

Schema = Mapping[str, Any]

LOWER_BOUNDS = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")
UPPER_BOUNDS = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
UNJUDGED = (
    *("allOf", "not", "if", "then", "else", "dependentSchemas", "dependentRequired"),
    *("contains", "prefixItems", "patternProperties", "propertyNames", "unevaluatedProperties"),
    *("multipleOf", "uniqueItems", "contentEncoding", "contentMediaType"),
)
"""Words whose change is taken for a break, because no rule here can tell."""

FORMATS_OF_DECIMALS = {AMOUNT, DECIMAL, QUANTITY, UNIT_PRICE}


class Side(Enum):
    """Who relies on a schema."""

    REQUEST = "request"
    REPLY = "reply"
    EVENT = "event"

    @property
    def sent(self) -> bool:
        """True when documents that were valid must stay valid."""
        return self is not Side.REPLY

    @property
    def received(self) -> bool:
        """True when readers of the old form must understand the new one."""
        return self is not Side.REQUEST


@dataclass(frozen=True)
class Change:
    """An old and a new schema at one place of two documents."""

    old: Schema
    new: Schema
    side: Side
    place: str
    old_document: Schema
    new_document: Schema
    seen: frozenset[tuple[str, str]] = frozenset()
    unbroken: set[tuple[str, str, Side]] = field(default_factory=set)
    """Pairs of references of these documents that were compared before and break nothing."""

    def at(self, step: str, old: Schema, new: Schema) -> "Change":
        """The same comparison one step further down."""
        return replace(self, old=old, new=new, place=f"{self.place}{step}")

    def resolved(self) -> "Change | None":
        """Both references followed; None where this pair is being compared already."""
        names = str(self.old.get("$ref", "")), str(self.new.get("$ref", ""))
        if names == ("", ""):
            return self
        if names in self.seen:
            return None
        old, new = _follow(self.old, self.old_document), _follow(self.new, self.new_document)
        return replace(self, old=old, new=new, seen=self.seen | {names})


def _follow(schema: Schema, document: Schema) -> Schema:
    """What a reference names; what is written beside it, such as a default, holds as well."""
    while "$ref" in schema:
        found: Any = document
        for step in str(schema["$ref"]).removeprefix("#/").split("/"):
            found = found[step]
        schema = {**found, **{word: said for word, said in schema.items() if word != "$ref"}}
    return schema


def _refers(schema: object) -> bool:
    """True where a part of it is written elsewhere, so that equal words may mean another thing."""
    if isinstance(schema, Mapping):
        return "$ref" in schema or any(map(_refers, schema.values()))
    return isinstance(schema, list) and any(map(_refers, schema))


def schema_breaks(asked: Change) -> Iterator[str]:
    """Each change that breaks a promise, in words with its place."""
    pair = str(asked.old.get("$ref", "")), str(asked.new.get("$ref", "")), asked.side
    if pair in asked.unbroken or (asked.old == asked.new and not _refers(asked.old)):
        return
    change = asked.resolved()
    if change is None:
        return
    broken = False
    for fault in _resolved_breaks(change):
        broken = True
        yield fault
    if not broken and all(pair[:2]) and len(asked.old) == len(asked.new) == 1:
        asked.unbroken.add(pair)


def _resolved_breaks(change: Change) -> Iterator[str]:
    old, new = (
        _variants(change.old, change.old_document),
        _variants(change.new, change.new_document),
    )
    if len(old) == len(new) == 1:
        for rule in RULES:
            yield from rule(replace(change, old=old[0], new=new[0]))
        return
    yield from _variant_breaks(change, old, new)


def _variants(schema: Schema, document: Schema) -> list[Schema]:
    """The alternatives a schema allows, each with one type."""
    schema = _follow(schema, document)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return [one for part in schema[word] for one in _variants(part, document)]
    if len(schema.get("allOf", ())) == 1:
        return _variants(schema["allOf"][0], document)
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return [schema]


def _variant_breaks(change: Change, old: list[Schema], new: list[Schema]) -> Iterator[str]:
    """Alternatives are paired by what they are; the rest came or went."""
    before, after = {_kind(one): one for one in old}, {_kind(one): one for one in new}
    if old != new and (len(before), len(after)) != (len(old), len(new)):
        yield f"{change.place}: alternatives changed that cannot be told apart"
        return
    for kind in before.keys() - after.keys():
        if change.side.sent and not _covered(kind, after):
            yield f"{change.place}: no longer {kind}"
    for kind in after.keys() - before.keys():
        if change.side.received and not _covered(kind, before):
            yield f"{change.place}: may now be {kind}"
    for kind in before.keys() & after.keys():
        yield from schema_breaks(replace(change, old=before[kind], new=after[kind]))


def _kind(schema: Schema) -> str:
    title = f" {schema['title']}" if schema.get("type") == "object" and "title" in schema else ""
    return f"{schema.get('type', 'anything')}{title}"


def _covered(kind: str, others: Mapping[str, Schema]) -> bool:
    return "anything" in others or (kind == "integer" and "number" in others)


def _type_breaks(change: Change) -> Iterator[str]:
    old, new = change.old.get("type"), change.new.get("type")
    widened = not change.side.received and (new is None or (old, new) == ("integer", "number"))
    narrowed_reply = not change.side.sent and old is None
    if old != new and not widened and not narrowed_reply:
        yield f"{change.place}: type {old} became {new}"


def _format_breaks(change: Change) -> Iterator[str]:
    for word in ("format", "pattern"):
        # What a decimal counts narrows nothing: how it is written says the pattern.
        old, new = (
            None if one.get(word) in FORMATS_OF_DECIMALS else one.get(word)
            for one in (change.old, change.new)
        )
        stricter = change.side.sent and new is not None
        looser = change.side.received and old is not None
        if old != new and (stricter or looser):
            yield f"{change.place}: {word} {old} became {new}"


def _enum_breaks(change: Change) -> Iterator[str]:
    old, new = _values(change.old), _values(change.new)
    if old is not None and new is not None:
        for gone in sorted(old - new):
            yield f"{change.place}: value {gone} is gone"
    if old is None and new is not None and change.side.sent:
        yield f"{change.place}: only {', '.join(sorted(new))} from now on"


def _values(schema: Schema) -> set[str] | None:
    if "const" in schema:
        return {str(schema["const"])}
    return {str(value) for value in schema["enum"]} if "enum" in schema else None


def _bound_breaks(change: Change) -> Iterator[str]:
    if not change.side.sent:
        return
    for word in (*LOWER_BOUNDS, *UPPER_BOUNDS):
        old, new = change.old.get(word), change.new.get(word)
        if new is None or old == new:
            continue
        if old is None or (new > old if word in LOWER_BOUNDS else new < old):
            yield f"{change.place}: {word} {old} became {new}"


def _default_breaks(change: Change) -> Iterator[str]:
    """What is left out means what it always meant."""
    before, after = change.old.get("default"), change.new.get("default")
    if change.side.sent and "default" in change.old and before != after:
        yield f"{change.place}: default {before} became {after}"


def _unjudged_breaks(change: Change) -> Iterator[str]:
    for word in UNJUDGED:
        if change.old.get(word) != change.new.get(word):
            yield f"{change.place}: {word} changed"


def _object_breaks(change: Change) -> Iterator[str]:
    before, after = change.old.get("properties", {}), change.new.get("properties", {})
    for name in sorted(before.keys() - after.keys()):
        yield f"{change.place}/{name}: the field is gone"
    for name in sorted(before.keys() & after.keys()):
        yield from schema_breaks(change.at(f"/{name}", before[name], after[name]))
    old, new = set(change.old.get("required", ())), set(change.new.get("required", ()))
    if change.side.sent:
        for name in sorted(new - old):
            yield f"{change.place}/{name}: is required now"
    if change.side.received:
        for name in sorted(old - new):
            yield f"{change.place}/{name}: may be missing now"


def _further_breaks(change: Change) -> Iterator[str]:
    """Fields beyond the named ones, and the items of lists."""
    for word, step in (("additionalProperties", "/*"), ("items", "[]")):
        old, new = change.old.get(word, True), change.new.get(word, True)
        if change.side.sent and old is not False and new is False:
            yield f"{change.place}: further fields are refused now"
        if isinstance(old, Mapping) or isinstance(new, Mapping):
            yield from _inner_breaks(change, step, old, new)


def _inner_breaks(change: Change, step: str, old: Any, new: Any) -> Iterator[str]:
    """What lies inside; `true`, or nothing said, stands for anything, `false` for nothing."""
    if False not in (old, new):
        before, after = ({} if one is True else one for one in (old, new))
        yield from schema_breaks(change.at(step, before, after))


RULES: tuple[Callable[[Change], Iterator[str]], ...] = (
    _type_breaks,
    _format_breaks,
    _enum_breaks,
    _bound_breaks,
    _default_breaks,
    _unjudged_breaks,
    _object_breaks,
    _further_breaks,
)
