"""What crosses between the halves has one form on both sides: every field of `ownership.py`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from sync_bridge.flows import FLOWS, Flow
from sync_bridge.ownership import OWNERSHIP
from tests.architecture.sources import ROOT

CONTRACTS = ROOT / "contracts"
LIMITS = ("maxLength", "minLength", "pattern", "minimum", "maximum", "enum", "const")
ANY_NUMBER = r"^-?\d+(\.\d+)?$"
SIZES = ("maxItems", "minItems")

MOVED: dict[str, dict[str, str]] = {
    "erp.customer": {
        "erp": "",
        "erp.customer_number": "number",
        "erp.archived": "status",
    },
    "erp.product": {"active": "sold"},
    "erp.price": {"product": "item_id", "price": ""},
    "crm.order": {
        "charges[].amount": "freight",
        "charges[].kind": "freight.currency",
        "lines[].item_id": "lines[].product_id",
        "lines[].external_line_id": "lines[].id",
        "base.lines[].item_id": "base.lines[].product_id",
        "base.lines[].external_line_id": "base.lines[].id",
        "base.lines[].unit_price.amount": "base.lines[].unit_price",
        "base.lines[].unit_price.currency": "freight.currency",
        "base.charges[].amount.amount": "base.freight",
        "base.charges[].amount.currency": "freight.currency",
    },
    "erp.fulfilment": {
        "order_id": "external_refs[].external_id",
        "erp": "",
        "erp.source_version": "external_refs[].source_version",
        "erp.source_history": "external_refs[].source_history",
        "erp.account_id": "customer_id",
        "erp.freight": "charges",
        "erp.lines[].line_id": "lines[].id",
        "erp.lines[].product_id": "lines[].item_id",
    },
    "erp.availability": {"product_id": "item_id"},
}
"""Where the sender has what the receiver takes at another place: part of a path -> another."""

WRITTEN = {
    "erp.price": {"item_id": "sku", "amount": "price.amount", "currency": "price.currency"},
    "crm.order": {"lines[].product_id": "lines[].product", "lines[].id": ""},
}
"""Where a user of the sender writes what its event has at another place; "": nowhere."""

NOT_SENT = {
    "crm.customer": {"terms": "the ERP's alone"},
    "crm.order": {
        "lines[].sku": "lines name their item by its id",
        "lines[].description": "the item's own name stands there",
        "charges[].kind": "always freight",
        "base.charges[].kind": "always freight",
    },
}

EXPLAINED = {
    "erp.customer": {
        "erp.archived": "two states become yes or no",
    },
    "erp.product": {
        "category": "the CRM keeps an empty text where the ERP has none, and takes either",
        "unit_decimals": "null in events from before it was published is not sent",
    },
    "erp.price": {
        "product": "the twin's id takes the place of the item's",
    },
    "crm.order": {
        "cancelled": "three states become yes or no",
        "charges": "the one freight is a list of one there",
        "base.charges": "the one freight is a list of one there",
        "lines[].item_id": "the twin's id takes the place of the product's",
        "lines[].external_line_id": "an id is a text there",
        "base.lines[].external_line_id": "an id is a text there",
        "source_version": "null in events from before it was published is not sent",
    },
    "erp.fulfilment": {
        "order_id": "the id the ERP keeps as a text is the CRM's own",
        "erp.state": "a state the CRM does not know yet is shown as it is",
        "erp.freight": "a copy of the sum of the ERP's charges",
        "erp.lines": "a copy of what the ERP took, however long",
        "erp.lines[].sku": "a copy of the item's own code",
        "erp.lines[].quantity": "a line that the ERP took off shows 0",
        "erp.shipments[].kind": "a kind the CRM does not know yet is shown as it is",
        "erp.last_change.kind": "a kind the CRM does not know yet is shown as it is",
        "erp.last_change.state": "a state the CRM does not know yet is shown as it is",
    },
}
"""Differences that are meant: flow -> place in what the receiver takes -> why."""


def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CONTRACTS / name).read_text())
    return found


def resolved(within: dict[str, Any], schema: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The schema itself and whether null is one of its values."""
    while "$ref" in schema:
        found = within
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        schema = found | {key: value for key, value in schema.items() if key != "$ref"}
    if "anyOf" not in schema:
        return schema, False
    kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
    assert len(kinds) == 1, schema
    return resolved(within, kinds[0])[0], len(kinds) < len(schema["anyOf"])


Form = dict[str, Any]


def forms(within: dict[str, Any], schema: dict[str, Any], path: str = "") -> Iterator[Any]:
    """Place and form of every part that is no object, and of every list."""
    own, nullable = resolved(within, schema)
    if own.get("type") == "object":  # one without properties is open: nothing of it crosses
        for name, part in own.get("properties", {}).items():
            yield from forms(within, part, f"{path}.{name}" if path else name)
        return
    limits = {key: _plain(own[key]) for key in (*LIMITS, *SIZES) if key in own}
    kinds = {"type": own.get("type"), "format": own.get("format"), "nullable": nullable}
    yield path, kinds | limits
    if own.get("type") == "array":
        yield from forms(within, own["items"], f"{path}[]")


def _plain(limit: Any) -> Any:
    return int(limit) if isinstance(limit, float) else limit


def body(half: str, method: str, path: str) -> dict[str, Form]:
    """What a route takes."""
    openapi = document(f"openapi/{half}.json")
    route = openapi["paths"].get(path, {}).get(method)
    if route is None:
        return {}
    return dict(forms(openapi, route["requestBody"]["content"]["application/json"]["schema"]))


def event(flow: Flow) -> dict[str, Form]:
    """What the sender publishes."""
    _, half, name, version = flow.event.split(".")
    schema = document(f"events/{half}/{name}.{version}.json")
    return dict(forms(schema, schema))


def moved(path: str, places: dict[str, str]) -> str:
    """The path with its longest known beginning put elsewhere."""
    for known in sorted(places, key=len, reverse=True):
        if path == known or path.startswith((f"{known}.", f"{known}[")):
            return (places[known] + path[len(known) :]).removeprefix(".")
    return path


@dataclass(frozen=True)
class Crossing:
    """One part of a field that crosses, as each side has it."""

    path: str
    told: Form | None
    written: Form | None
    taken: Form

    def differences(self) -> list[str]:
        """In what the sides are not alike.

        A text in an event needs no limit, and a number only the form of an exact one: it was
        checked when it was written. Null may be taken where it is not told, not the reverse.
        """
        if self.told is None:
            return ["not told"]
        found = [
            f"{key} told {self.told.get(key)}, taken {self.taken.get(key)}"
            for key in ("type", "format", *LIMITS)
            if (key in self.told or key in {"type", "format"})
            and self.told.get(key) != self.taken.get(key)
            and not (key == "pattern" and _exact(self.told[key], self.taken.get(key, "")))
        ]
        if self.written is not None:
            found += [
                f"{key} written {self.written.get(key)}, taken {self.taken.get(key)}"
                for key in ("type", "format", *LIMITS, *SIZES)
                if self.written.get(key) != self.taken.get(key)
            ]
        if self.told["nullable"] and not self.taken["nullable"]:
            found.append("null is told and not taken")
        return found


def _exact(told: str, taken: str) -> bool:
    """Whether an exact number of any sign is told where the same number from zero up is taken."""
    digits = taken[1:].removeprefix("(?=.*[1-9])")
    return "[0-9]{1,14}" in taken and told in {ANY_NUMBER, f"^-?{digits}"}


def crossings(flow: Flow) -> Iterator[Crossing]:
    """Every part of every field of the flow's entity, from what the receiver takes."""
    entity = flow.entity
    taken = body(
        flow.target, "put", f"{entity.path_in(flow.target)}/by-external/{{system}}/{{external_id}}"
    )
    told = event(flow)
    written = body(flow.sender, "post", entity.path_in(flow.sender))
    for field in OWNERSHIP[entity.name]:
        own = {field.called_by(flow.target): field.called_by(flow.sender)}
        places = own | MOVED.get(flow.kind, {})
        parts = [path for path in taken if moved(path, {next(iter(own)): "*"}).startswith("*")]
        left = NOT_SENT.get(flow.kind, {})
        assert parts or field.called_by(flow.target) in left, f"{field.name} is not taken"
        for path in parts:
            if path in left:
                continue
            source = moved(path, places)
            place = WRITTEN.get(flow.kind, {}).get(source, source)
            yield Crossing(path, told.get(source), written.get(place), taken[path])


@pytest.mark.parametrize(
    "flow", [one for one in FLOWS if not one.erases], ids=lambda flow: flow.kind
)
def test_a_field_that_crosses_has_one_form_on_both_sides(flow):
    """What one half takes and the other refuses stops a lane, or is cut off without a sign."""
    differing = {one.path: why for one in crossings(flow) if (why := one.differences())}
    explained = EXPLAINED.get(flow.kind, {})
    assert {path: why for path, why in differing.items() if path not in explained} == {}
    assert set(explained) <= set(differing), "explained, and alike by now"
