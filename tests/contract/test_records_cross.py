"""What the sending half takes, the receiving half takes and keeps equal: every flow, at the edge.

Records are written to one half with values at their limits and beyond, read from its feed, put
through the bridge's own mapping and sent to the other half as the bridge sends them.
"""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from erp.ledger.service.years import ensure_year
from identity.testing.service import ServiceUnderTest, running
from sync_bridge.flows import FLOWS, PERSON, Flow
from sync_bridge.messages.base import Message

Record = dict[str, Any]
BY_KIND = {flow.kind: flow for flow in FLOWS}
ODD = (
    "",
    " ",
    "\u3000\u94a2\u3000",
    "\u200b",
    "a\u200bb",
    "\ufeffx",
    "\u202egnirts",
    "\x85",
    "a\u2028b",
    "a\x1fb",
    "a\tb",
    "e\u0301",
    "\uff21\uff22",
    "\U0001d4b3\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u0130\u0131\u00df\ufb01",
    "null",
    "{}",
    "%s\\'\"",
)
"""Texts that one reader or another takes apart: blanks, invisible signs, other planes."""


def texts(longest: int, sign: str = "x") -> list[str]:
    """Odd texts, and those at the limit and beyond it."""
    at_limit = [one * size for size in (longest, longest + 1) for one in (sign, "\u6797")]
    return [*ODD, *at_limit, "\U0001d4b3" * longest]


LINES = texts(200)
NOTES = [*texts(4000), "a\nb", "a\r\nb", "\n"]
WORDS = texts(64)
NUMBERS = ["0", "-0", "-1", "0.000001", "0.0000001", "1.50", "007", "1e3", " 1", "", None]
NUMBERS += ["99999999999999", "99999999999999.999999", "100000000000000", "\u0661"]
AMOUNTS = ["0", "-1", "0.01", "0.001", "5.5", "99999999999999.99", "99999999999999.999999"]
DAYS = ["1900-01-01", "1899-12-31", "2999-12-31", "3000-01-01", "2024-02-29", "2026-02-29", None]
ADDRESS = ("line1", "line2", "city", "region", "postal_code", "contact", "phone")
ADDRESSES = [{part: text} for part in ADDRESS for text in LINES]
ADDRESSES += [{"country": one} for one in ("CN", "XK", "AQ", "cn", "EU", "ZZ", "")]
EMAILS = ["a@b", "x@localhost", "A@B.EXAMPLE", "\u6797@\u4f8b.example", *ODD]
EMAILS += ["l" * 64 + "@m.example", "l" * 65 + "@m.example"]
EMAILS += ["x@" + "d" * 63 + ".example", "x@" + "d" * 64 + ".example"]
PARTY = {
    "name": LINES,
    "email": EMAILS,
    "phone": ["1" * 60, "1" * 61, "+86 574 8888 0000 ext. 12", "\uff11\uff12", *ODD],
    "website": LINES,
    "language": ["zh-CN", "de-CH-1996", "Chinese", "zh_CN", "x" * 35, *ODD],
    "tax_id": ["cn 12/3", "T" * 32, "T" * 33, "\uff21\uff22", "9-1.2/3 4", *ODD],
    "currency": ["CNY", "cny", "USD", "XTS", ""],
}


class Halves:
    """Both halves with what has crossed so far: the twins, and how far each feed was read."""

    def __init__(self, crm: ServiceUnderTest, erp: ServiceUnderTest) -> None:
        self.halves = {"crm": crm, "erp": erp}
        self.twins: dict[tuple[str, UUID], UUID] = {}
        self.read: dict[str, str] = {}
        self.number = 0

    def word(self, start: str) -> str:
        """A word that nothing else has."""
        self.number += 1
        return f"{start}-{self.number}"

    async def take(self, half: str, path: str, **facts: Any) -> Record | None:
        """The record as the half takes it; None where it refuses it."""
        reply = await self.halves[half].post(path, facts)
        assert reply.status_code in {201, 404, 409, 422}, (facts, reply.text)
        return reply.json() if reply.status_code == 201 else None

    async def make(self, half: str, path: str, **facts: Any) -> Record:
        """A record that the half must take."""
        made = await self.take(half, path, **facts)
        assert made is not None, (path, facts)
        return made

    async def cross(self, kind: str) -> list[tuple[Record, Record]]:
        """Send what the flow's sender published since; what was sent, with what became of it."""
        flow = BY_KIND[kind]
        events = await self.halves[flow.sender].feed(self.read.get(kind))
        newest = {one["subject"]: one for one in events if one["type"] == flow.event}
        done = []
        for event in newest.values():
            message = flow.reads.model_validate_json(json.dumps(event["data"]))
            if flow.begins(message):
                done.append(await self._sent(flow, message))
        return done

    async def _sent(self, flow: Flow, message: Message) -> tuple[Record, Record]:
        body = {"source_version": message.version} | flow.translate(message, self.twins)
        place = f"{flow.entity.path_in(flow.target)}/by-external/{flow.sender}/{message.id}"
        reply = await self.halves[flow.target].client.put(place, json=body)
        assert reply.status_code in {200, 201}, (flow.kind, body, reply.text)
        kept: Record = reply.json()
        self.twins[flow.entity.name, message.id] = UUID(kept["id"])
        return body, kept


@pytest.fixture
async def halves(cluster) -> AsyncIterator[Halves]:
    async with AsyncExitStack() as stack:
        crm, erp = [await stack.enter_async_context(running(one, cluster)) for one in (CRM, ERP)]
        async with erp.database.transaction() as work:
            await ensure_year(work, work.today())
        yield Halves(crm, erp)


SHOWN_AS = {"phone": "phone_raw"}
"""Where the receiver shows what was sent, as it was sent."""


def kept_equal(sent: Any, kept: Any) -> bool:
    """Whether every part that was sent stands in what is kept; numbers count by their value."""
    if isinstance(sent, Mapping) and isinstance(kept, Mapping):
        return all(kept_equal(value, kept.get(name)) for name, value in sent.items())
    if isinstance(sent, list) and isinstance(kept, list):
        return len(sent) == len(kept) and all(map(kept_equal, sent, kept))
    return bool(sent == kept) or (_number(sent) is not None and _number(sent) == _number(kept))


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(value["amount"] if isinstance(value, Mapping) else value)
    except (ArithmeticError, KeyError, TypeError, ValueError):
        return None


def differing(done: Sequence[tuple[Record, Record]], *names: str) -> list[Any]:
    """What was sent under these names and is kept otherwise."""
    return [
        (name, sent[name], kept.get(SHOWN_AS.get(name, name), kept.get(name)))
        for sent, kept in done
        for name in names
        if name in sent
        and not kept_equal(sent[name], kept.get(SHOWN_AS.get(name, name), kept.get(name)))
    ]


async def tried(
    halves: Halves, half: str, path: str, least: Any, values: Mapping[str, Sequence[Any]]
) -> int:
    """How many records the half takes, each with one field at an edge."""
    taken = 0
    for field, edges in values.items():
        for edge in edges:
            taken += await halves.take(half, path, **least() | {field: edge}) is not None
    return taken


CUSTOMER_FIELDS = ("name", "email", "phone", "website", "language", "tax_id", "currency")


async def test_accounts_that_the_crm_takes_are_customers(halves):
    values = PARTY | {"billing_address": ADDRESSES, "shipping_address": ADDRESSES}
    taken = await tried(
        halves, "crm", "/v1/accounts", lambda: {"name": halves.word("Mill")}, values
    )
    done = await halves.cross("crm.customer")
    assert len(done) == taken > 100
    assert differing(done, *CUSTOMER_FIELDS, "bill_to", "ship_to") == []


async def test_customers_that_the_erp_takes_are_accounts(halves):
    for code in ("trade", "x" * 64):
        await halves.make("erp", "/v1/price-lists", code=code, name="Trade")
    values = PARTY | {
        "bill_to": ADDRESSES,
        "ship_to": ADDRESSES,
        "credit_limit": [{"amount": one, "currency": "CNY"} for one in AMOUNTS] + [None],
        "payment_terms_days": [0, 3650, 3651, -1, 1.5, "5", None],
        "dunning_block": [True, False],
        "price_list": ["trade", "x" * 64, None],
    }
    taken = await tried(
        halves, "erp", "/v1/customers", lambda: {"name": halves.word("Mill")}, values
    )
    done = await halves.cross("erp.customer")
    assert len(done) == taken > 100
    names = (*CUSTOMER_FIELDS, "billing_address", "shipping_address", "price_list", "erp")
    assert differing(done, *names) == []


async def test_items_that_the_erp_takes_are_products(halves):
    categories = []
    for code in WORDS:
        made = await halves.take("erp", "/v1/item-categories", code=code, name="Lamps")
        categories += [made["code"]] if made else []
    units = []
    for code, decimals in (("ZZ", 0), ("ZZZ", 6), ("1A", 3), ("Z", 0), ("ZZZZ", 0), ("Z9", 7)):
        unit = await halves.take("erp", "/v1/units", code=code, name="Coil", decimals=decimals)
        units += [code] if unit else []
    assert units == ["ZZ", "ZZZ", "1A"]
    values: dict[str, Sequence[Any]] = {
        "sku": WORDS,
        "name": LINES,
        "description": NOTES,
        "category": categories,
        "unit": [*units, "C62", "KGM"],
        "discontinued_on": DAYS,
        "bought": [False],
        "kind": ["service"],
    }
    taken = await tried(
        halves, "erp", "/v1/items", lambda: {"sku": halves.word("S"), "name": "Rope"}, values
    )
    done = await halves.cross("erp.product")
    assert len(done) == taken > 40
    names = ("code", "name", "description", "category", "unit", "unit_decimals", "active")
    assert differing(done, *names, "discontinued_on") == []


async def test_price_lists_and_prices_that_the_erp_takes_are_in_the_crm(halves):
    lists = {"code": WORDS, "name": LINES}
    taken = await tried(
        halves, "erp", "/v1/price-lists", lambda: {"code": halves.word("L"), "name": "Trade"}, lists
    )
    done = await halves.cross("erp.price_list")
    assert len(done) >= taken > 20
    assert differing(done, "code", "name", "is_default") == []
    codes = [sent["code"] for sent, _ in done]

    await halves.make("erp", "/v1/units", code="ZZZ", name="Coil", decimals=6)
    edges: dict[str, Sequence[Any]] = {
        "min_quantity": NUMBERS,
        "valid_from": DAYS,
        "valid_to": DAYS,
        "price_list": codes,
        "price": [
            {"amount": one, "currency": "CNY"} for one in (*AMOUNTS, "0.000001", "1.0000001")
        ],
    }
    number = 0
    for field, values in edges.items():
        for value in values:
            sku = halves.word("P")
            await halves.make("erp", "/v1/items", sku=sku, name="Rope", unit="ZZZ")
            price = {"sku": sku, "price": {"amount": "5", "currency": "CNY"}}
            number += await halves.take("erp", "/v1/prices", **price | {field: value}) is not None
    await halves.cross("erp.product")
    done = await halves.cross("erp.price")
    assert len(done) == number > 40
    names = ("price_list", "min_quantity", "valid_from", "valid_to", "price", "status")
    assert differing(done, *names) == []


async def _sold(halves: Halves, number: int = 1) -> list[Record]:
    """Products of the CRM that are items of the ERP, counted with six decimals."""
    await halves.take("erp", "/v1/units", code="ZZZ", name="Coil", decimals=6)
    items = [
        await halves.make("erp", "/v1/items", sku=halves.word("S"), name="Rope", unit="ZZZ")
        for _ in range(number)
    ]
    await halves.cross("erp.product")
    for item in items:
        item["product"] = str(halves.twins["product", UUID(item["id"])])
        halves.twins["product", UUID(item["product"])] = UUID(item["id"])
    return items


async def _buyer(halves: Halves) -> str:
    """An account of the CRM that is a customer of the ERP."""
    account = await halves.make("crm", "/v1/accounts", name=halves.word("Mill"))
    await halves.cross("crm.customer")
    customer = halves.twins["customer", UUID(account["id"])]
    halves.twins["customer", customer] = UUID(account["id"])
    return str(account["id"])


async def test_orders_that_the_crm_takes_are_sales_orders(halves):
    account, (item, *others) = await _buyer(halves), await _sold(halves, 2 + 2 * len(NUMBERS))
    money = {"amount": "5", "currency": "CNY"}
    line = {"product": item["product"], "quantity": "1", "unit_price": money}
    apart = (line | {"product": other["product"]} for other in others)
    prices = [{"amount": one, "currency": "CNY"} for one in (*AMOUNTS, "0.000001", "1.0000001")]
    freights = [{"amount": one, "currency": "CNY"} for one in AMOUNTS]
    terms: dict[str, Sequence[Any]] = {
        "unit_price": prices,
        "discount": ["0", "1", "1.000001", "0.333333", "-0.1", "0.0000001"],
        "external_line_id": LINES,
    }
    cheap = {"unit_price": {"amount": "1", "currency": "CNY"}}
    lines: list[list[Record]] = [[line] * 500, [line] * 501, []]
    lines += [[line | {field: value}] for field, values in terms.items() for value in values]
    lines += [[next(apart) | {"quantity": value}] for value in NUMBERS]
    lines += [[next(apart) | {"quantity": value} | cheap] for value in NUMBERS]
    facts: dict[str, Sequence[Any]] = {
        "requested_on": DAYS,
        "ship_to": ADDRESSES,
        "note": NOTES,
        "freight": freights,
        "lines": lines,
    }
    taken = await tried(
        halves, "crm", "/v1/orders", lambda: {"account_id": account, "lines": [line]}, facts
    )
    done = await halves.cross("crm.order")
    assert len(done) == taken > 100
    assert differing(done, "requested_on", "ordered_on", "ship_to", "note", "customer_id") == []
    for sent, kept in done:
        for names in zip(sent["lines"], kept["lines"], strict=True):
            assert kept_equal(*names), names
        assert _number(kept["charges"]) == _number(sent["charges"][0]["amount"])
    back = await halves.cross("erp.fulfilment")
    assert len(back) == len(done)


async def test_shipments_and_stock_that_the_erp_tells_are_in_the_crm(halves):
    account, (item,) = await _buyer(halves), await _sold(halves)
    cost = {"amount": "0.01", "currency": "CNY"}
    line = {"sku": item["sku"], "quantity": "1000", "unit_cost": cost}
    await halves.make("erp", "/v1/stock-receipts", lines=[line])
    product = {"product": item["product"], "quantity": "1", "unit_price": cost}
    sent = []
    for field in ("carrier", "tracking_number"):
        for text in LINES:
            facts = {"account_id": account, "lines": [product]}
            order = await halves.make("crm", "/v1/orders", **facts)
            sent.append((order["id"], field, text))
    await halves.cross("crm.order")
    shipped: dict[str, tuple[str, str]] = {}
    for order_id, field, text in sent:
        sales_order = halves.twins["order", UUID(order_id)]
        reply = await halves.halves["erp"].post(
            f"/v1/sales-orders/{sales_order}/shipments", {field: text}
        )
        assert reply.status_code in {201, 422}, reply.text
        if reply.status_code == 201:
            shown = await halves.halves["erp"].client.get(
                f"/v1/shipments/{reply.json()['shipment_id']}"
            )
            shipped[order_id] = (field, shown.json()[field])
    assert len(shipped) > 20
    await halves.cross("erp.fulfilment")
    for order_id, (field, text) in shipped.items():
        order = (await halves.halves["crm"].client.get(f"/v1/orders/{order_id}")).json()
        assert order["erp"]["shipments"][0][field] == text
    stocks = await halves.cross("erp.availability")
    assert stocks
    known = (await halves.halves["crm"].client.get(f"/v1/products/{item['product']}")).json()
    assert Decimal(known["availability"]["free"]) == Decimal(stocks[-1][0]["free"])


@pytest.mark.parametrize("quantity", ["0.000001", "99999999999999", "99999999999999.999999"])
async def test_as_much_stock_as_the_erp_takes_is_in_the_crm(halves, quantity):
    (item,) = await _sold(halves)
    cost = {"amount": "0", "currency": "CNY"}
    line = {"sku": item["sku"], "quantity": quantity, "unit_cost": cost}
    assert await halves.take("erp", "/v1/stock-receipts", lines=[line]) is not None
    ((sent, _),) = await halves.cross("erp.availability")
    assert Decimal(sent["free"]) == Decimal(quantity)
    more = await halves.take("erp", "/v1/stock-receipts", lines=[line])
    assert (more is None) == (Decimal(quantity) > 1)
    assert await halves.cross("erp.availability")


@pytest.mark.parametrize(
    ("owed", "paid"),
    [("0.01", None), ("99999999999999.99", None), (None, "99999999999999.99"), ("5", "7")],
)
async def test_what_customers_owe_is_in_the_crm_whatever_it_comes_to(halves, owed, paid):
    account = await _buyer(halves)
    customer = str(halves.twins["customer", UUID(account)])
    if owed:
        opening: Record = {"customer_id": customer, "number": "R-1", "issued_on": "2026-01-01"}
        opening |= {"due_on": "2026-01-31", "amount": {"amount": owed, "currency": "CNY"}}
        reply = await halves.halves["erp"].post(
            "/v1/receivables/openings/batch", {"items": [opening]}
        )
        assert reply.status_code == 200, reply.text
    if paid:
        amount = {"amount": paid, "currency": "CNY"}
        await halves.make("erp", "/v1/payments", party_id=customer, amount=amount)
    done = await halves.cross("erp.debt")
    assert done
    told = (await halves.halves["crm"].client.get(f"/v1/accounts/{account}")).json()["owes"]
    assert Decimal(told["amount"]) == Decimal(owed or "0") - Decimal(paid or "0")


def test_every_flow_is_tried_here():
    tried_here = set(re.findall(r'cross\("([a-z_.]+)"\)', Path(__file__).read_text()))
    records = {kind for kind, flow in BY_KIND.items() if flow.entity is not PERSON}
    assert tried_here == records, "erasures have tests of their own"
