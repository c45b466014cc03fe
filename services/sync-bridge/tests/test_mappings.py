"""Mappings and ownership: plain translations, every mapped field with one owner."""

import json
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import ValidationError

from chassis.ids import uuid7
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
CNY = {"currency": "CNY"}
PLACED = crm.OrderChanged(
    id=ID, version=1, account_id=uuid4(), ordered_on=date(1996, 7, 4),
    requested_on=date(1996, 8, 1), freight=Money(amount="32.38", **CNY),
    lines=[
        crm.OrderLine(
            id=uuid4(), product_id=uuid4(), quantity="12",
            unit_price=Money(amount="14.00", **CNY), discount="0.05",
        )
    ],
)  # fmt: skip
STANDS = erp.OrderChanged(
    id=ID, version=4, number="SO-000001", state="confirmed", promised_on=date(1996, 8, 1),
    external_refs=[erp.Ref(system="crm", external_id=str(uuid4()))],
    lines=[
        erp.OrderLine(
            external_line_id=str(uuid4()), quantity="12", reserved="5", waiting="7", shipped="0",
            invoiced="0",
        )
    ],
    shipments=[erp.Shipment(number="SH-1", kind="delivery", shipped_on=date(1996, 7, 16))],
)  # fmt: skip
STOCK = erp.AvailabilityChanged(id=uuid4(), version=2, item_id=ID, free="3", incoming="10")
INVOICE = erp.InvoiceIssued(id=uuid7(), version=1, customer_id=uuid4(), customer_owes="440.00")
PAYMENT = erp.PaymentReceived(
    id=uuid7(), version=1, direction="in", party_id=uuid4(), party_owes="0.00"
)
EXAMPLES = {
    "tandem.crm.order-changed.v1": PLACED,
    "tandem.erp.order-changed.v1": STANDS,
    "tandem.erp.availability-changed.v1": STOCK,
    "tandem.erp.invoice-issued.v1": INVOICE,
    "tandem.erp.payment-received.v1": PAYMENT,
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


def test_an_order_crosses_with_what_was_agreed():
    """The agreed price, discount and freight go as they are; ids are the receiver's."""
    line = PLACED.lines[0]
    customer, item = uuid4(), uuid4()
    twins = {("customer", PLACED.account_id): customer, ("product", line.product_id): item}
    body = crm_to_erp.sales_order(PLACED, twins)
    assert body["customer_id"] == str(customer)
    assert body["lines"] == [
        {
            "external_line_id": str(line.id),
            "item_id": str(item),
            "quantity": "12",
            "unit_price": {"amount": "14.00", "currency": "CNY"},
            "discount": "0.05",
        }
    ]
    assert body["charges"] == [
        {"kind": "freight", "amount": {"amount": "32.38", "currency": "CNY"}}
    ]
    assert body["cancelled"] is False


def test_an_order_of_the_erp_alone_stays_there():
    alone = STANDS.model_copy(update={"external_refs": []})
    assert erp_to_crm.is_of_crm(STANDS)
    assert not erp_to_crm.is_of_crm(alone)


def test_what_we_pay_suppliers_stays_with_the_erp():
    assert erp_to_crm.is_of_customer(PAYMENT)
    assert not erp_to_crm.is_of_customer(PAYMENT.model_copy(update={"direction": "out"}))


def test_debts_are_dated_by_the_order_in_which_the_erp_drew_its_ids():
    """B50: no clock of ours, only the sender's own order."""
    twins = {
        ("customer", INVOICE.customer_id): uuid4(),
        ("customer", PAYMENT.party_id): uuid4(),
    }
    before = erp_to_crm.debt_after_invoice(INVOICE, twins)["told_at"]
    assert before <= erp_to_crm.debt_after_payment(PAYMENT, twins)["told_at"]
