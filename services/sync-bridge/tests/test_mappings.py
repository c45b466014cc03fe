"""Mappings and ownership: plain translations, every mapped field with one owner."""

import json
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError

from sync_bridge import ownership
from sync_bridge.flows import ENTITIES, FLOWS
from sync_bridge.mappings import crm_to_erp, erp_to_crm
from sync_bridge.messages import crm, erp
from sync_bridge.messages.reading import Address, Money

ID = uuid4()
ADDRESS = {"line1": "1 Elm St", "city": "Suzhou", "country": "CN", "contact": "Ms Li"}
ACCOUNT = crm.AccountChanged(
    id=ID,
    version=3,
    name="Elm",
    tax_id="T-1",
    email="elm@example.com",
    phone="+861234",
    website="https://elm.example.com",
    language="zh-CN",
    currency="CNY",
    billing_address=Address(**ADDRESS),
    shipping_address=Address(line1="Gate 4"),
)
CUSTOMER = erp.CustomerChanged(
    id=ID,
    version=2,
    number="C-00007",
    name="Elm",
    credit_limit=Money(amount="5000.00", currency="CNY"),
    payment_terms_days=30,
    dunning_block=True,
    currency="CNY",
    bill_to=Address(**ADDRESS),
)
ITEM = erp.ItemChanged(
    id=ID, version=1, sku="BOLT-8", name="Bolt", unit="C62", discontinued_on=date(1998, 5, 6)
)
PRICE = erp.PriceChanged(
    id=ID, version=1, item_id=uuid4(), price_list="standard", amount="9.50", currency="CNY",
    valid_from=date(1996, 7, 3), valid_to=date(1996, 12, 31),
)  # fmt: skip
EXAMPLES = {
    "tandem.crm.account-changed.v1": ACCOUNT,
    "tandem.erp.customer-changed.v1": CUSTOMER,
    "tandem.erp.item-changed.v1": ITEM,
    "tandem.erp.price-changed.v1": PRICE,
}


@pytest.mark.parametrize("flow", FLOWS, ids=lambda flow: flow.event)
def test_every_mapped_field_has_an_owner(flow):
    """A field that is mapped and owned by nobody fails the build."""
    example = EXAMPLES[flow.event]
    twins = {(need.entity, need.id): uuid4() for need in flow.needs(example)}
    body = flow.translate(example, twins)
    owned = {one.called_by(flow.target) for one in ownership.OWNERSHIP[flow.entity.name]}
    assert body.keys() <= owned | ownership.PROTOCOL
    json.dumps(body)


@pytest.mark.parametrize("entity", ownership.OWNERSHIP)
def test_a_field_has_one_owner(entity):
    """B48: no field stands twice, by either half's name for it."""
    fields = ownership.OWNERSHIP[entity]
    for names in ({f.name for f in fields}, {f.crm for f in fields}, {f.erp for f in fields}):
        assert len(names) == len(fields)
    assert entity in ENTITIES


def test_every_flow_is_unique_and_publishes_from_a_half():
    assert len({flow.event for flow in FLOWS}) == len(FLOWS)
    assert {flow.sender for flow in FLOWS} == {"crm", "erp"}
    assert all(flow.entity.name in ownership.OWNERSHIP for flow in FLOWS)


def test_an_account_as_the_erp_takes_it():
    body = crm_to_erp.customer(ACCOUNT, {})
    assert body["bill_to"]["contact"] == "Ms Li"
    assert body["ship_to"]["line1"] == "Gate 4"
    assert body["currency"] == "CNY"
    mine = ownership.owned_part("customer", sender="crm", body=body)
    assert sorted(mine) == ["email", "language", "name", "phone", "ship_to", "website"]


def test_an_unknown_currency_is_left_to_the_receiver():
    bare = crm.AccountChanged(id=ID, version=1)
    assert "currency" not in crm_to_erp.customer(bare, {})
    assert "currency" not in erp_to_crm.account(erp.CustomerChanged(id=ID, version=1), {})


def test_a_customer_as_the_crm_takes_it():
    body = erp_to_crm.account(CUSTOMER, {})
    assert body["erp"] == {
        "customer_number": "C-00007",
        "credit_limit": {"amount": "5000.00", "currency": "CNY"},
        "payment_terms_days": 30,
        "dunning_block": True,
    }
    mine = ownership.owned_part("customer", sender="erp", body=body)
    assert sorted(mine) == ["billing_address", "currency", "erp", "tax_id"]
    assert (
        erp_to_crm.account(erp.CustomerChanged(id=ID, version=1), {})["erp"]["credit_limit"] is None
    )


def test_owned_fields_come_back_as_they_were_sent():
    """B55: round trip over the bridge is identity on owned fields."""
    sent = ownership.owned_part("customer", sender="crm", body=crm_to_erp.customer(ACCOUNT, {}))
    there = erp.CustomerChanged(id=ID, version=1, **sent)
    assert ownership.held_part("customer", holder="erp", state=there.plain()) == sent


def test_an_item_as_the_crm_takes_it():
    assert erp_to_crm.product(ITEM, {}) == {
        "code": "BOLT-8",
        "name": "Bolt",
        "description": "",
        "category": "",
        "unit": "C62",
        "active": True,
        "discontinued_on": "1998-05-06",
    }
    gone = ITEM.model_copy(update={"status": "archived", "discontinued_on": None})
    assert erp_to_crm.product(gone, {})["active"] is False
    assert erp_to_crm.product(gone, {})["discontinued_on"] is None


def test_a_price_names_the_product_across():
    product = uuid4()
    body = erp_to_crm.price(PRICE, {("product", PRICE.item_id): product})
    assert body["product"] == str(product)
    assert body["price"] == {"amount": "9.50", "currency": "CNY"}
    assert (body["valid_from"], body["valid_to"]) == ("1996-07-03", "1996-12-31")
    endless = PRICE.model_copy(update={"valid_from": None, "valid_to": None})
    body = erp_to_crm.price(endless, {("product", PRICE.item_id): product})
    assert (body["valid_from"], body["valid_to"]) == (None, None)


def test_messages_are_read_tolerantly():
    """B21, B57: unknown fields and values are passed over, null texts are empty."""
    read = crm.AccountChanged.model_validate(
        {"id": str(ID), "version": 1, "stage": "dormant", "email": None, "new": {"a": 1}}
    )
    assert (read.stage, read.email) == ("dormant", "")
    assert not crm_to_erp.is_customer(read)
    with pytest.raises(ValidationError):
        erp.ItemChanged.model_validate({"id": str(ID), "version": 1})


def test_money_keeps_every_digit():
    """B55: an amount is the text it came as."""
    assert Money(amount="12.300000", currency="CNY").plain()["amount"] == "12.300000"


def test_mappings_know_neither_database_nor_web():
    package = Path(crm_to_erp.__file__).parent
    words = ("sqlalchemy", "fastapi", "httpx", "aiokafka", "asyncpg")
    for source in package.glob("*.py"):
        text = source.read_text()
        assert not [word for word in words if f"import {word}" in text or f"from {word}" in text]
