"""What of a record is compared: every field that crosses, in a form that both halves have."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sync_bridge.comparisons.rules.fields import comparable, held_fields
from sync_bridge.comparisons.rules.levelling import Difference, correction_for, to_write_back
from sync_bridge.comparisons.rules.records import SOURCES, needs_of, records_of, sources_of
from sync_bridge.flows import FLOWS, PERSON
from sync_bridge.ownership import OWNERSHIP

ITEM, TWIN = uuid4(), uuid4()
TWINS = {("product", ITEM): TWIN}
NOT_COMPARED = {
    "order": {"ordered_on", "version of the content", "base"},
    "fulfilment": {"order"},
    "availability": {"product"},
    "debt": {"customer", "told_at"},
}
"""What both halves know a record by, or one of them does not tell."""


def source(half, name):
    (found,) = [one for one in SOURCES if (one.half, one.name) == (half, name)]
    return found


def of(source, entity, state, twins=TWINS):
    (record,) = [one for one in records_of(source, state, twins) if one.entity == entity]
    return record


def differing(sent, held):
    return {name for name in sent.keys() & held.keys() if sent[name] != held[name]}


addresses = some.fixed_dictionaries(
    {name: some.text(max_size=5) for name in ("line1", "city", "postal_code", "country")}
)
terms = some.fixed_dictionaries(
    {
        "name": some.text(max_size=8),
        "tax_id": some.text(max_size=8),
        "phone": some.text("0123456789 +", max_size=8),
        "currency": some.sampled_from(["CNY", "EUR"]),
        "credit_limit": some.none()
        | some.builds(
            lambda amount: {"amount": str(amount), "currency": "CNY"},
            some.decimals(0, 9999, places=2),
        ),
        "payment_terms_days": some.integers(0, 90),
        "dunning_block": some.booleans(),
        "price_list": some.none() | some.just("retail"),
        "bill_to": addresses,
        "ship_to": addresses,
        "status": some.sampled_from(["active", "archived"]),
    }
)


def account_of(customer):
    """The CRM's account when all of the customer is across."""
    limit = customer["credit_limit"]
    return {
        **{name: customer[name] for name in ("name", "tax_id", "phone", "currency", "price_list")},
        "id": str(uuid4()),
        "version": 3,
        "stage": "customer",
        "billing_address": {"line2": "", **customer["bill_to"]},
        "shipping_address": {"line2": "", **customer["ship_to"]},
        "erp": {
            "customer_number": customer["number"],
            "credit_limit": limit and {**limit, "amount": f"{Decimal(limit['amount']):.4f}"},
            "payment_terms_days": customer["payment_terms_days"],
            "dunning_block": customer["dunning_block"],
            "archived": customer["status"] == "archived",
        },
    }


def both_ways(account, customer):
    """The fields that differ, of each owner."""
    here = of(source("crm", "/v1/accounts"), "customer", account)
    there = of(source("erp", "tandem.erp.customer-changed.v1"), "customer", customer)
    return differing(here.sent, there.held), differing(there.sent, here.held)


@given(terms)
def test_what_is_across_differs_in_nothing(facts):
    customer = {"id": str(uuid4()), "version": 2, "number": "C-1", **facts}
    assert both_ways(account_of(customer), customer) == (set(), set())


@given(terms, some.sampled_from(["name", "phone", "tax_id", "price_list", "dunning_block"]))
def test_a_field_that_changed_differs_alone_and_is_its_owners(facts, field):
    customer = {"id": str(uuid4()), "version": 2, "number": "C-1", **facts}
    account = account_of(customer)
    customer[field] = not facts[field] if field == "dunning_block" else "another one"
    of_crm, of_erp = both_ways(account, customer)
    if field in {"name", "phone"}:
        assert (of_crm, of_erp) == ({field}, set())
    else:
        said = "terms of business: dunning block" if field == "dunning_block" else field
        assert (of_crm, of_erp) == (set(), {said})


@given(some.decimals(-9999, 9999, places=3), some.integers(0, 3))
def test_numbers_are_alike_however_they_are_written(number, more):
    written = f"{number:f}" + "0" * more
    assert comparable({"quantity": written}) == comparable({"quantity": f"{number:f}"})
    assert comparable({"quantity": str(number + 1)}) != comparable({"quantity": written})


def test_texts_that_look_like_numbers_are_texts():
    assert comparable({"name": "007", "phone": "010"}) == {"name": "007", "phone": "010"}


def test_nothing_is_an_empty_text():
    assert comparable({"note": None, "requested_on": None}) == {"note": "", "requested_on": ""}


MONEY = {"amount": "7.00", "currency": "CNY"}
STATES: dict[str, dict[str, Any]] = {
    "tandem.crm.order-changed.v1": {
        "account_id": str(uuid4()),
        "ordered_on": "2026-11-01",
        "lines": [
            {"id": str(uuid4()), "product_id": str(ITEM), "quantity": "1", "unit_price": MONEY}
        ],
        "freight": MONEY,
    },
    "tandem.erp.order-changed.v1": {
        "number": "SO-1",
        "state": "confirmed",
        "customer_id": str(uuid4()),
        "external_refs": [{"system": "crm", "external_id": str(uuid4()), "source_version": 1}],
    },
    "tandem.erp.item-changed.v1": {"sku": "BOLT", "unit_decimals": 0},
    "tandem.erp.price-list-changed.v1": {"code": "retail"},
    "tandem.erp.price-changed.v1": {"item_id": str(ITEM), "amount": "7", "currency": "CNY"},
    "tandem.erp.availability-changed.v1": {"item_id": str(ITEM), "free": "1", "incoming": "0"},
    "tandem.erp.balance-changed.v1": {
        "customer_id": str(uuid4()),
        "owed": "1",
        "told_at": "2026-11-01T00:00:00Z",
    },
    "tandem.erp.customer-changed.v1": {"number": "C-1", "currency": "CNY"},
    "/v1/accounts": {"currency": "CNY"},
}
SHOWN = {
    "product": {"code", "name", "description", "category", "unit", "unit_decimals", "active"}
    | {"discontinued_on"},
    "price_list": {"code", "name", "is_default"},
}


COMPARED = [one for one in FLOWS if one.entity is not PERSON]
"""An erasure is an act, not a record: of erased persons there is nothing to compare."""


@pytest.mark.parametrize("flow", COMPARED, ids=lambda flow: flow.kind)
def test_every_field_that_crosses_is_compared(flow):
    """All nine of records: what one half owns is read of it, and of the half that holds it."""
    entity = flow.entity.name
    (sends,) = [one for one in SOURCES if one.flow is flow]
    (holds,) = [one for one in SOURCES if one.half == flow.target and entity in one.holds]
    state = {"id": str(uuid4()), "version": 1}
    sent = of(sends, entity, state | STATES[sends.name]).sent
    shown = dict.fromkeys(SHOWN.get(entity, ()), "") | STATES.get(holds.name, {})
    if entity == "price":
        names = ("price_list", "min_quantity", "valid_from", "valid_to", "price", "status")
        shown = dict.fromkeys(names, "") | {"product_id": str(TWIN)}
    held = of(holds, entity, state | shown).held
    owned = {one.name for one in OWNERSHIP[entity] if one.owner == flow.sender}
    compared = {name.split(": ")[0] for name in sent.keys() & held.keys()}
    assert compared == owned - NOT_COMPARED.get(entity, set())


def test_a_record_whose_reference_has_no_twin_differs():
    price = STATES["tandem.erp.price-changed.v1"] | {"id": str(uuid4()), "version": 1}
    told = source("erp", "tandem.erp.price-changed.v1")
    assert [need.id for need in needs_of(told, [price])] == [ITEM]
    assert of(told, "price", price, twins={}).sent["product"] != str(TWIN)


def test_prospects_and_goods_that_are_not_sold_stay_by_rule():
    prospect = {"id": str(uuid4()), "version": 1, "stage": "prospect"}
    assert not of(source("crm", "/v1/accounts"), "customer", prospect).crosses
    item = {"id": str(uuid4()), "version": 1, "sku": "OIL", "sold": False}
    assert not of(source("erp", "tandem.erp.item-changed.v1"), "product", item).crosses


def test_of_a_cancelled_order_only_that_is_compared():
    told = source("crm", "tandem.crm.order-changed.v1")
    order = STATES[told.name] | {"id": str(uuid4()), "version": 2, "state": "cancelled"}
    assert of(told, "order", order).sent == {"cancellation": True}


def test_one_entity_takes_its_own_readings_only():
    assert [one.name for one in sources_of(["price_list"])] == [
        "/v1/price-lists",
        "tandem.erp.price-list-changed.v1",
    ]


def test_what_the_holder_owns_itself_is_not_held():
    assert held_fields("customer", holder="erp", state={"name": "A", "tax_id": "T"}) == {
        "name": "A"
    }


def difference(entity="customer", kind="fields_differ", half="crm", leads="crm", **facts):
    known = {"fields": [], "reason": "", "crm_id": uuid4(), "erp_id": uuid4()} | facts
    return Difference(id=uuid4(), entity=entity, kind=kind, half=half, leads=leads, **known)


@pytest.mark.parametrize(
    ("one", "name", "kind"),
    [
        (difference(), "send", "crm.customer"),
        (difference(half="erp", leads="erp"), "send", "erp.customer"),
        (difference(half="erp"), "write_back", None),
        (difference("price", half="erp"), "write_back", None),
        (difference("order"), "send", "crm.order"),
        (difference("order", leads="erp"), "send", "erp.fulfilment"),
        (difference("debt", half="erp", leads="erp"), "send", "erp.debt"),
        (difference(kind="record_missing", half="erp"), "recreate", "crm.customer"),
        (difference(kind="record_missing", leads="erp"), "recreate", "erp.customer"),
        (difference("product", "record_missing", leads="erp"), "recreate", "erp.product"),
        (difference("order", "record_missing", half="erp"), "recreate", "crm.order"),
        (difference("order", "record_missing", leads="erp"), "leave", None),
        (difference("price", "record_missing", half="erp"), "leave", None),
        (difference(kind="link_missing", leads="erp"), "link", None),
        (difference("order", "link_missing", half="erp"), "leave", None),
        (difference(kind="not_linked", reason="never_read"), "send", "crm.customer"),
        (difference(kind="not_linked", reason="review"), "leave", None),
        (difference(kind="not_linked", reason="apart"), "leave", None),
    ],
)
def test_which_correction_levels_a_difference(one, name, kind):
    found = correction_for(one)
    assert (found.kind, found.flow and found.flow.kind) == (name, kind)
    assert bool(found.why) == (name == "leave")


def field(name, crm, erp):
    return {"name": name, "crm": crm, "erp": erp}


def test_what_a_restore_lost_is_written_back_in_the_owners_words():
    lost = difference(
        half="erp",
        fields=[
            field("terms of business: credit limit", {"amount": "102", "currency": "CNY"}, ""),
            field("invoice address", {"city": "Xi'an"}, {"city": "Beijing"}),
            field("tax_id", "", "T-1"),
        ],
    )
    view = {"credit_limit": None, "bill_to": {"city": "Beijing"}, "tax_id": "T-1"}
    assert to_write_back(lost, view) == (
        {
            "credit_limit": {"amount": "102", "currency": "CNY"},
            "bill_to": {"city": "Xi'an"},
            "tax_id": None,
        },
        "",
    )


def test_what_a_user_changed_since_is_not_written_over():
    lost = difference(leads="erp", fields=[field("name", "Old", "Lost"), field("phone", "1", "2")])
    assert to_write_back(lost, {"name": "Since", "phone": "1"}) == ({"phone": "2"}, "")


def test_what_no_change_sets_is_left_to_a_person():
    fields = [field("terms of business: customer number", "C-2", "C-1")]
    lost = difference(half="erp", fields=fields)
    assert to_write_back(lost, {"number": "C-1"}) == ({}, "left_to_person")
