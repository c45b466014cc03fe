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
from sync_bridge.messages.base import Address, Money

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
    price_list="DEALERS",
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
CRM_ORDER = crm.OrderChanged.model_validate(
    {
        "id": ID, "version": 1, "account_id": uuid4(), "ordered_on": "1996-07-04",
        "freight": {"amount": "32.38", "currency": "CNY"},
        "lines": [
            {
                "id": uuid4(), "product_id": uuid4(), "quantity": "12", "discount": "0.05",
                "unit_price": {"amount": "14.000001", "currency": "CNY"},
            }
        ],
    }
)  # fmt: skip
CRM_ID, LINE_ID = str(uuid4()), str(uuid4())
ERP_ORDER = erp.OrderChanged.model_validate(
    {
        "id": ID, "version": 4, "number": "SO-1", "state": "confirmed", "paid": "10",
        "open_amount": "2.5",
        "promised_on": "1996-07-16", "external_refs": [{"system": "crm", "external_id": CRM_ID}],
        "lines": [
            {
                "external_line_id": LINE_ID, "sku": "BOLT", "unit_price": "2.5",
                "quantity": "12", "reserved": "5", "waiting": "3",
                "shipped": "4", "invoiced": "4",
            }
        ],
        "shipments": [
            {"number": "SH-1", "kind": "delivery", "shipped_on": "1996-07-05",
             "carrier": "UPS", "tracking_number": "1Z-7"},
            {"number": "SH-2", "kind": "delivery", "shipped_on": "1996-07-05",
             "carrier": "UPS", "tracking_number": "1Z-8", "reversed_on": "1996-07-06"},
        ],
        "last_change": {"kind": "cancellation", "state": "refused", "reason": "shipped",
                        "source_version": 7},
    }
)  # fmt: skip
STOCK = erp.AvailabilityChanged(id=ID, version=1, item_id=uuid4(), free="7", incoming="2.5")
BALANCE = erp.BalanceChanged(
    id=ID, version=9, customer_id=uuid4(), owed="-12.50", told_at="2026-01-02T03:04:05Z"
)
EXAMPLES = {
    "tandem.crm.order-changed.v1": CRM_ORDER,
    "tandem.erp.order-changed.v1": ERP_ORDER,
    "tandem.erp.availability-changed.v1": STOCK,
    "tandem.erp.balance-changed.v1": BALANCE,
    "tandem.crm.account-changed.v1": ACCOUNT,
    "tandem.erp.customer-changed.v1": CUSTOMER,
    "tandem.erp.item-changed.v1": ITEM,
    "tandem.erp.price-changed.v1": PRICE,
    "tandem.erp.price-list-changed.v1": erp.PriceListChanged(
        id=ID, version=1, code="standard", name="Standard", is_default=True
    ),
}


PUT = [flow for flow in FLOWS if not flow.erases]
"""What is put across; of erased persons nothing is."""


@pytest.mark.parametrize("flow", PUT, ids=lambda flow: flow.event)
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
    assert all(flow.entity.name in ownership.OWNERSHIP for flow in PUT)


def test_an_account_as_the_erp_takes_it():
    body = crm_to_erp.customer(ACCOUNT, {})
    assert body["bill_to"]["contact"] == "Ms Li"
    assert body["ship_to"]["line1"] == "Gate 4"
    assert body["currency"] == "CNY"
    mine = ownership.owned_part("customer", sender="crm", body=body)
    assert sorted(mine) == ["email", "kind", "language", "name", "phone", "ship_to", "website"]


def test_an_unknown_currency_is_left_to_the_receiver():
    bare = crm.AccountChanged(id=ID, version=1)
    assert "currency" not in crm_to_erp.customer(bare, {})
    assert "currency" not in erp_to_crm.account(erp.CustomerChanged(id=ID, version=1), {})


def test_a_customer_as_the_crm_takes_it():
    body = erp_to_crm.account(CUSTOMER, {})
    assert body["price_list"] == "DEALERS"
    assert erp_to_crm.account(erp.CustomerChanged(id=ID, version=1), {})["price_list"] is None
    assert body["erp"] == {
        "customer_number": "C-00007",
        "credit_limit": {"amount": "5000.00", "currency": "CNY"},
        "payment_terms_days": 30,
        "dunning_block": True,
        "archived": False,
    }
    mine = ownership.owned_part("customer", sender="erp", body=body)
    assert sorted(mine) == ["billing_address", "currency", "erp", "price_list", "tax_id"]
    assert (
        erp_to_crm.account(erp.CustomerChanged(id=ID, version=1), {})["erp"]["credit_limit"] is None
    )


def test_owned_fields_come_back_as_they_were_sent():
    """B55: round trip over the bridge is identity on owned fields."""
    sent = ownership.owned_part("customer", sender="crm", body=crm_to_erp.customer(ACCOUNT, {}))
    there = erp.CustomerChanged(id=ID, version=1, **sent)
    assert ownership.foreign_part("customer", holder="erp", state=there.plain()) == sent


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


def test_an_order_crosses_with_its_agreed_price_and_the_ids_across():
    """The agreed price is delivered digit by digit, never computed anew."""
    line, twins = CRM_ORDER.lines[0], {}
    twins["customer", CRM_ORDER.account_id] = customer = uuid4()
    twins["product", line.product_id] = item = uuid4()
    body = crm_to_erp.sales_order(CRM_ORDER, twins)
    assert (body["customer_id"], body["cancelled"]) == (str(customer), False)
    assert (body["ordered_on"], body["requested_on"]) == ("1996-07-04", None)
    assert body["lines"] == [
        {
            "external_line_id": str(line.id),
            "item_id": str(item),
            "quantity": "12",
            "unit_price": {"amount": "14.000001", "currency": "CNY"},
            "discount": "0.05",
        }
    ]
    freight = {"kind": "freight", "amount": {"amount": "32.38", "currency": "CNY"}}
    assert body["charges"] == [freight]
    wanted = CRM_ORDER.model_copy(update={"state": "cancelled", "requested_on": date(1996, 8, 1)})
    body = crm_to_erp.sales_order(wanted, twins)
    assert (body["cancelled"], body["requested_on"]) == (True, "1996-08-01")


def test_an_order_needs_its_customer_and_its_products():
    """B54: what is not across yet is waited for."""
    (flow,) = [flow for flow in FLOWS if flow.event == "tandem.crm.order-changed.v1"]
    needs = [(need.entity, need.sender, need.id) for need in flow.needs(CRM_ORDER)]
    line = CRM_ORDER.lines[0]
    assert needs == [
        ("customer", "crm", CRM_ORDER.account_id),
        ("product", "crm", line.product_id),
    ]


def test_how_an_order_stands_comes_back_by_our_ids():
    body = erp_to_crm.fulfilment(ERP_ORDER, {})
    assert body["order_id"] == CRM_ID
    told = body["erp"]
    assert (told["number"], told["state"], told["promised_on"]) == (
        "SO-1",
        "confirmed",
        "1996-07-16",
    )
    assert (told["paid"], told["invoiced"], told["open_amount"]) == ("10", "0", "2.5")
    (line,) = told["lines"]
    assert (line["line_id"], line["reserved"], line["waiting"]) == (LINE_ID, "5", "3")
    assert told["shipments"][0]["tracking_number"] == "1Z-7"
    assert [one["reversed_on"] for one in told["shipments"]] == [None, "1996-07-06"]
    assert told["last_change"]["state"] == "refused"
    assert told["last_change"]["source_version"] == 7
    assert (line["sku"], line["unit_price"], line["discount"]) == ("BOLT", "2.5", "0")
    assert (told["requested_on"], told["note"], told["ship_to"]["city"]) == (None, "", "")
    dated = ERP_ORDER.model_copy(update={"requested_on": date(1996, 8, 1)})
    assert erp_to_crm.fulfilment(dated, {})["erp"]["requested_on"] == "1996-08-01"
    bare = ERP_ORDER.model_copy(update={"last_change": None, "promised_on": None})
    told = erp_to_crm.fulfilment(bare, {})["erp"]
    assert (told["last_change"], told["promised_on"]) == (None, None)


def test_the_erps_own_orders_stay_there():
    assert erp_to_crm.is_of_crm(ERP_ORDER)
    assert not erp_to_crm.is_of_crm(ERP_ORDER.model_copy(update={"external_refs": []}))


def test_stock_and_debt_name_the_record_across():
    product, account = uuid4(), uuid4()
    body = erp_to_crm.availability(STOCK, {("product", STOCK.item_id): product})
    assert body == {"product_id": str(product), "free": "7", "incoming": "2.5"}
    body = erp_to_crm.debt(BALANCE, {("customer", BALANCE.customer_id): account})
    assert (body["account_id"], body["owes"]) == (str(account), "-12.50")
    assert body["told_at"] == "2026-01-02T03:04:05+00:00"


def test_messages_are_read_tolerantly():
    """B21, B57: unknown fields and values are passed over, null texts are empty."""
    read = crm.AccountChanged.model_validate(
        {"id": str(ID), "version": 1, "stage": "dormant", "email": None, "new": {"a": 1}}
    )
    assert (read.stage, read.email) == ("dormant", "")
    assert not crm_to_erp.is_customer(read)
    merged = {"id": str(ID), "version": 2, "stage": "customer", "merged_into": str(ID)}
    assert not crm_to_erp.is_customer(crm.AccountChanged.model_validate(merged))
    with pytest.raises(ValidationError):
        erp.ItemChanged.model_validate({"id": str(ID), "version": 1})


def test_an_account_that_waits_since_before_contacts_had_events_is_read():
    """Its event had the contacts in it, and one was published for each of their changes."""
    contact = {"id": str(uuid4()), "name": "Lin Wei", "primary": True, "consent": {}}
    waiting = ACCOUNT.plain() | {"changed": ["contacts"], "contacts": [contact] * 500}
    assert crm.AccountChanged.model_validate(waiting) == ACCOUNT


def test_money_keeps_every_digit():
    """B55: an amount is the text it came as."""
    assert Money(amount="12.300000", currency="CNY").plain()["amount"] == "12.300000"


def test_mappings_know_neither_database_nor_web():
    package = Path(crm_to_erp.__file__).parent
    words = ("sqlalchemy", "fastapi", "httpx", "aiokafka", "asyncpg")
    for source in package.glob("*.py"):
        text = source.read_text()
        assert not [word for word in words if f"import {word}" in text or f"from {word}" in text]
