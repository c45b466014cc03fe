"""One form of money and of quantity everywhere: what a decimal is, and in which currency."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from chassis.events.json_schemas import event_schema
from contracts.generator.__main__ import registered
from contracts.generator.generate import openapi_of
from erp.app import SERVICE as ERP
from erp.ledger.service.years import ensure_year
from identity.testing.desk import Desk
from identity.testing.service import ServiceUnderTest, running
from tests.architecture.sources import ROOT
from values.decimals import AMOUNT, DECIMAL, QUANTITY, UNIT_PRICE

SERVICES = registered(ROOT)
FORMATS = {AMOUNT, DECIMAL, QUANTITY, UNIT_PRICE}
OF_CURRENCY = {AMOUNT, UNIT_PRICE}
Schema = dict[str, Any]


def documents(name: str) -> Iterator[tuple[str, Schema]]:
    """The service's OpenAPI document and the schemas of its events."""
    service = SERVICES[name]
    yield "openapi", openapi_of(service)
    for event in service.events:
        if event.public:
            yield event.event_name, event_schema(event, service.name)


def schemas_in(value: Any, place: str) -> Iterator[tuple[str, Schema]]:
    """Every JSON object of a document with its place; examples are none of it."""
    if isinstance(value, dict):
        yield place, value
        for name, inner in value.items():
            if name not in {"example", "examples", "default"}:
                yield from schemas_in(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from schemas_in(inner, f"{place}/{at}")


def is_decimal(schema: Schema) -> bool:
    """Whether the schema is a text of digits with a point: what Decimal accepts of all it does."""
    pattern = schema.get("pattern")
    return isinstance(pattern, str) and "[0-9]{1," in pattern and r"(\." in pattern


def formats_of(schema: Schema) -> set[str]:
    """The formats of decimals that a property may have, null aside."""
    parts = [schema, *schema.get("anyOf", ())]
    return {one["format"] for one in parts if one.get("format") in FORMATS}


@pytest.mark.parametrize("name", SERVICES)
def test_every_decimal_says_what_it_is(name):
    """E3, B55: an amount, a unit price, a quantity or a rate, in every schema of the contract."""
    for document, content in documents(name):
        silent = [
            place
            for place, schema in schemas_in(content, document)
            if is_decimal(schema) and schema.get("format") not in FORMATS
        ]
        assert silent == []


@pytest.mark.parametrize("name", SERVICES)
def test_every_amount_stands_beside_its_currency(name):
    """B55: whoever reads an amount need not know where it came from."""
    seen = 0
    for document, content in documents(name):
        for place, schema in schemas_in(content, document):
            properties = schema.get("properties")
            if not isinstance(properties, dict):
                continue
            of_currency = [
                one for one, each in properties.items() if formats_of(each) & OF_CURRENCY
            ]
            seen += len(of_currency)
            assert not of_currency or "currency" in properties, (place, of_currency)
    assert seen or name == "sync-bridge"


@pytest.mark.parametrize("name", SERVICES)
def test_parameters_with_amounts_say_their_currency_in_words(name):
    """A parameter has nothing beside it: its description names the currency."""
    for path, operations in openapi_of(SERVICES[name])["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if formats_of(parameter["schema"]) & OF_CURRENCY:
                    assert "currency" in parameter["description"], (path, parameter["name"])


@pytest.fixture(params=["CNY", "JPY", "BHD"])
async def company(request, cluster) -> AsyncIterator[tuple[str, ServiceUnderTest]]:
    async with running(ERP, cluster, currency=request.param) as erp:
        async with erp.database.transaction() as work:
            await ensure_year(work, work.today())
        yield request.param, erp


class Company:
    """A company that buys, sells and books in its currency."""

    def __init__(self, currency: str, erp: ServiceUnderTest) -> None:
        self.currency, self.erp, self.desk = currency, erp, Desk(erp)

    def money(self, amount: str) -> dict[str, str]:
        """An amount, written without the decimals of the currency."""
        return {"amount": amount, "currency": self.currency}

    async def does(self, path: str, **facts: Any) -> dict[str, Any]:
        """An act that must be accepted."""
        reply = await self.erp.post(path, facts)
        assert reply.is_success, reply.text
        done: dict[str, Any] = reply.json()
        return done

    async def trades(self) -> dict[str, dict[str, Any]]:
        """Goods come in, are sold, shipped, invoiced and paid; the documents."""
        item = await self.desk.add("/v1/items", sku="BOLT", name="Bolt")
        line = {"sku": "BOLT", "quantity": "10", "value": self.money("105")}
        await self.does("/v1/stock-receipts", lines=[line], memo="First")
        customer = await self.desk.add("/v1/customers", name="Acme")
        lines = [{"sku": "BOLT", "quantity": "2.000", "unit_price": self.money("20")}]
        order = await self.does("/v1/sales-orders", customer_id=customer["id"], lines=lines)
        path = f"/v1/sales-orders/{order['id']}"
        await self.does(f"{path}/shipments")
        invoice = await self.does(f"{path}/invoices")
        payment = await self.does(
            "/v1/payments", party_id=customer["id"], amount=self.money("50"), reference="Bank"
        )
        entry = await self.does(
            "/v1/journal-entries",
            memo="Fee",
            lines=[{"account": "1002", "debit": "7"}, {"account": "6001", "credit": "7"}],
        )
        return {
            "item": item,
            "order": await self.desk.see(path),
            "invoice": await self.desk.see(f"/v1/invoices/{invoice['invoice_id']}"),
            "payment": await self.desk.see(f"/v1/payments/{payment['id']}"),
            "entry": await self.desk.see(f"/v1/journal-entries/{entry['id']}"),
        }

    async def buys(self) -> dict[str, Any]:
        """Goods are ordered, received and billed; the order."""
        await self.desk.add("/v1/items", sku="NUT", name="Nut")
        supplier = await self.desk.add("/v1/suppliers", name="Mill")
        line = {"sku": "NUT", "quantity": "4", "unit_price": self.money("1.2345")}
        number = supplier["number"]
        order = await self.does("/v1/purchase-orders", supplier_number=number, lines=[line])
        path = f"/v1/purchase-orders/{order['id']}"
        await self.does(f"{path}/receipts")
        await self.does(f"{path}/bills", bill_number="M-1")
        return await self.desk.see(path)

    def shown(self, amount: int) -> str:
        """The amount with the decimals of the currency."""
        decimals = {"CNY": ".00", "JPY": "", "BHD": ".000"}[self.currency]
        return f"{amount}{decimals}"


@pytest.fixture
def at_work(company) -> Company:
    return Company(*company)


async def test_documents_are_served_with_the_decimals_of_their_currency(at_work):
    """E3, B55: 40.00 in CNY, 40 in JPY, 40.000 in BHD, however it was written or stored."""
    seen = await at_work.trades()
    shown, order, invoice = at_work.shown, seen["order"], seen["invoice"]
    assert (order["net"], order["invoiced"], order["open_amount"]) == (
        shown(40),
        shown(40),
        shown(0),
    )
    assert [(one["unit_price"], one["net"], one["currency"]) for one in order["lines"]] == [
        (shown(20), shown(40), at_work.currency)
    ]
    assert [one["quantity"] for one in order["lines"]] == ["2"]
    assert (invoice["gross"], invoice["lines"][0]["net"]) == (shown(40), shown(40))
    assert seen["payment"]["currency"] == at_work.currency
    assert (seen["payment"]["amount"], seen["payment"]["unallocated"]) == (shown(50), shown(10))
    assert seen["payment"]["allocations"][0]["amount"] == shown(40)
    assert [one["debit"] for one in seen["entry"]["lines"]] == [shown(7), shown(0)]


async def test_a_unit_price_keeps_the_decimals_that_it_needs(at_work):
    """E3: at least those of the currency, at most six; the worth of goods has the currency's."""
    order = await at_work.buys()
    [line] = order["lines"]
    expected = {"CNY": "4.94", "JPY": "5", "BHD": "4.938"}[at_work.currency]
    assert (line["unit_price"], line["net"], order["net"]) == ("1.2345", expected, expected)
    assert (line["quantity"], line["received"], line["billed"]) == ("4", "4", "4")


async def test_lists_events_and_reports_are_written_alike(at_work):
    """Every reply and event is looked at by its type; the test's client refuses another form."""
    await at_work.trades()
    await at_work.buys()
    paths = openapi_of(ERP)["paths"]
    lists = [path for path, acts in paths.items() if "get" in acts and "{" not in path]
    read = 0
    for path in lists:
        if path.startswith("/v1/") and not path.endswith(("/export", "/events", "/changes")):
            reply = await at_work.erp.client.get(path)
            read += reply.is_success
    assert read > 20
    assert len(await at_work.erp.feed()) > 10


async def test_files_have_the_same_decimals_as_replies(at_work):
    """What is taken out as CSV is written as the list writes it."""
    await at_work.trades()
    for many, column in (("payments", "amount"), ("sales-orders", "net"), ("open-items", "amount")):
        items = (await at_work.desk.see(f"/v1/{many}?sort=created_at"))["items"]
        reply = await at_work.erp.client.get(f"/v1/{many}/export", params={"sort": "created_at"})
        rows = list(csv.DictReader(io.StringIO(reply.text.removeprefix("\ufeff"))))
        assert [row[column] for row in rows if row[column]] == [one[column] for one in items]
        assert {row["currency"] for row in rows} == {at_work.currency}
