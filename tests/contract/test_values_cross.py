"""What one half accepts, the other half accepts and keeps equal: values tried on both."""

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError, create_model

from crm.accounts.schemas import UpsertAccount
from crm.app import SERVICE as CRM
from crm.catalog.schemas import UpsertPrice, UpsertProduct
from crm.orders.schemas import BatchOrder as CrmOrder
from erp.app import SERVICE as ERP
from erp.catalog.schemas import UpsertItem
from erp.catalog.schemas import UpsertPrice as ErpUpsertPrice
from erp.fulfilment.schemas import BatchOrder as ErpOrder
from erp.parties.schemas import UpsertCustomer
from identity.testing.service import ServiceUnderTest, running
from sync_bridge.ownership import OWNERSHIP
from values.external import ExternalId

Record = dict[str, Any]
TRIED = 25
"""Values for each field."""

LARGEST = 200

signs = st.characters(exclude_categories=["Cs"])
odd = st.sampled_from(
    ["", " ", "\u200b", "\u3000", "\u3164", "\u2028", "\x85", "\x1f", "\x7f", "\t", "\n", "\0"]
)


def texts(largest: int) -> st.SearchStrategy[str]:
    """Texts of any script, and those at the limit and beyond it."""
    at_limit = st.sampled_from([largest - 1, largest, largest + 1]).map(lambda size: "x" * size)
    few = st.text(signs, max_size=min(largest, 12))
    return st.one_of(few, few, odd, at_limit, st.tuples(few, odd, few).map("".join))


lines = texts(200)
codes = texts(64)
emails = st.one_of(st.emails(), st.emails().map(str.upper), texts(254), st.just("a@b"))
phones = st.one_of(
    st.from_regex(r"\+?[0-9 ()/-]{3,20}( ext\. [0-9]{1,4})?", fullmatch=True), texts(60)
)
languages = st.one_of(
    st.from_regex(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", fullmatch=True), texts(35)
)
countries = st.sampled_from(["CN", "DE", "", "cn", "XX", "EU", "ZZ", "AQ", "XK"])
tax_ids = st.one_of(st.from_regex(r"[0-9A-Za-z ./-]{0,25}", fullmatch=True), texts(25))
days = st.one_of(
    st.dates(date(1899, 12, 25), date(3000, 1, 5)).map(date.isoformat),
    st.sampled_from(["0", "1764201600", 0, "2026-02-30", "2026-1-2", "2026-01-02T00:00:00", None]),
)
digits = st.from_regex(r"-?[0-9]{1,15}(\.[0-9]{1,7})?", fullmatch=True)
numbers = st.one_of(digits, st.sampled_from(["0", "1", "-0", "1e3", " 1", "", 1, 1.5, "٣", None]))
currencies = st.sampled_from(["CNY", "CNY", "CNY", "cny", "QQQ", "ZZZ", "", None])
money = st.fixed_dictionaries({"amount": numbers, "currency": currencies})
addresses = st.one_of(
    st.none(),
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            ("line1", "line2", "city", "region", "postal_code", "contact", "phone"), lines
        )
        | {"country": countries, "street": lines},
    ),
)
versions = st.sampled_from([1, 0, 2**53, 2**53 - 1, True, "1", 1.0, None])
flags = st.one_of(st.booleans(), st.sampled_from(["yes", 1, None]))
units = st.sampled_from(["C62", "KGM", "MTR", "c62", "1", "KILO", "", None])


@dataclass(frozen=True)
class Kept:
    """An entity as both halves keep it: where, as what, and the fields that are tried."""

    crm: tuple[str, type[BaseModel]]
    erp: tuple[str, type[BaseModel]]
    fields: Mapping[str, st.SearchStrategy[Any]]


def item_of(command: type[BaseModel]) -> type[BaseModel]:
    """One record of the command's batch, with its id in the other system."""
    return create_model("Item", __base__=command, external_id=(ExternalId, ...))


ENTITIES = {
    "customer": Kept(
        ("/v1/accounts", item_of(UpsertAccount)),
        ("/v1/customers", item_of(UpsertCustomer)),
        {
            "source_version": versions,
            "name": lines,
            "email": emails,
            "phone": phones,
            "website": lines,
            "language": languages,
            "tax_id": tax_ids,
            "currency": currencies,
            "delivery address": addresses,
            "invoice address": addresses,
        },
    ),
    "product": Kept(
        ("/v1/products", item_of(UpsertProduct)),
        ("/v1/items", item_of(UpsertItem)),
        {
            "source_version": versions,
            "number": codes,
            "name": lines,
            "description": texts(4000),
            "unit": units,
            "on sale": flags,
            "discontinued_on": days,
        },
    ),
    "price": Kept(
        ("/v1/product-prices", item_of(UpsertPrice)),
        ("/v1/prices", item_of(ErpUpsertPrice)),
        {
            "min_quantity": numbers,
            "valid_from": days,
            "valid_to": days,
            "price": money,
            "status": st.sampled_from(["active", "withdrawn", "ended", None]),
        },
    ),
    "order": Kept(
        ("/v1/orders", CrmOrder),
        ("/v1/sales-orders", ErpOrder),
        {
            "requested_on": days,
            "ship_to": addresses.filter(lambda address: address is not None),
            "note": texts(4000),
            "freight": money,
            "quantity": numbers,
            "unit_price": money,
            "discount": numbers,
            "external_line_id": lines,
        },
    ),
}


def drawn(strategy: st.SearchStrategy[Any]) -> list[Any]:
    """Many values of the strategy, the same on every run."""
    found: list[Any] = []

    @settings(
        max_examples=TRIED,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(value: Any) -> None:
        found.append(value)

    keep()
    return found


def accepted(model: type[BaseModel], facts: Record) -> bool:
    """Whether the half takes the facts at all."""
    try:
        model.model_validate(facts)
    except ValidationError:
        return False
    return True


class Both:
    """Both halves, each alone, with the same records in them."""

    def __init__(self, crm: ServiceUnderTest, erp: ServiceUnderTest) -> None:
        self.crm, self.erp = crm, erp

    async def make(self, half: ServiceUnderTest, path: str, **facts: Any) -> Record:
        reply = await half.post(path, facts)
        assert reply.status_code == 201, reply.text
        made: Record = reply.json()
        return made

    async def keep(
        self, half: ServiceUnderTest, path: str, system: str, items: Sequence[Record]
    ) -> list[Record]:
        """Each record as the half keeps it, or the problem why it does not."""
        told: list[Record] = []
        for first in range(0, len(items), LARGEST):
            batch = {"items": items[first : first + LARGEST]}
            reply = await half.post(f"{path}/by-external/{system}/batch", batch)
            assert reply.status_code == 200, reply.text
            told += reply.json()["items"]
        return [
            {"refused": one["problem"]["code"]}
            if one.get("problem")
            else (await half.client.get(f"{path}/{one['id']}")).json()
            for one in told
        ]


@pytest.fixture(scope="module")
async def both(cluster):
    async with AsyncExitStack() as stack:
        halves = [await stack.enter_async_context(running(half, cluster)) for half in (CRM, ERP)]
        yield Both(*halves)


NAMES = {
    "customer": {field.name: (field.crm, field.erp) for field in OWNERSHIP["customer"]},
    "product": {field.name: (field.crm, field.erp) for field in OWNERSHIP["product"]},
}
PRICE = {"amount": "9.00", "currency": "CNY"}


async def bodies(both: Both, entity: str) -> Any:
    """How a record with one field given is sent to each half; the records it needs are there."""
    if entity in NAMES:
        names, least = NAMES[entity], {"customer": "name", "product": "number"}[entity]

        def named(number: int, field: str, value: Any) -> tuple[Record, Record]:
            facts = {least: f"N-{number}", "name": f"N {number}"} | {field: value}
            pairs = [(names.get(name, (name, name)), one) for name, one in facts.items()]
            return {crm: one for (crm, _), one in pairs}, {erp: one for (_, erp), one in pairs}

        return named
    if entity == "price":
        codes = [f"V-{number}" for number in range(TRIED * len(ENTITIES["price"].fields))]
        key = {"source_version": 1, "name": "Rope", "unit": "MTR"}
        products = [key | {"external_id": code, "code": code} for code in codes]
        items = [key | {"external_id": code, "sku": code} for code in codes]
        await both.keep(both.crm, "/v1/products", "erp", products)
        await both.keep(both.erp, "/v1/items", "crm", items)

        def priced(number: int, field: str, value: Any) -> tuple[Record, Record]:
            facts = {"price": PRICE, field: value}
            return facts | {"product": codes[number]}, facts | {"sku": codes[number]}

        return priced
    product = await both.make(both.crm, "/v1/products", code="V-order", name="Rope", unit="MTR")
    item = await both.make(both.erp, "/v1/items", sku="V-order", name="Rope", unit="MTR")
    account = await both.make(both.crm, "/v1/accounts", name="Mill")
    customer = await both.make(both.erp, "/v1/customers", name="Mill")

    def ordered(_: int, field: str, value: Any) -> tuple[Record, Record]:
        line = {"quantity": "1", "unit_price": PRICE}
        facts: Record = {}
        (line if field in {*line, "discount", "external_line_id"} else facts)[field] = value
        charges = {"charges": [{"amount": facts["freight"]}]} if "freight" in facts else {}
        rest = {name: one for name, one in facts.items() if name != "freight"}
        return (
            facts | {"account_id": account["id"], "lines": [line | {"product": product["id"]}]},
            rest
            | charges
            | {"customer_id": customer["id"], "lines": [line | {"item_id": item["id"]}]},
        )

    return ordered


def shown(entity: str, field: str, crm: Record, erp: Record) -> tuple[Any, Any]:
    """The field as each half keeps it."""
    if entity == "order" and field in {"quantity", "unit_price", "discount", "external_line_id"}:
        return tuple(_plain(one["lines"][0][field]) for one in (crm, erp))
    if field == "freight":
        return _plain(crm["freight"]), _plain(erp["charges"])
    if field == "phone":
        return crm["phone_raw"], erp["phone"]
    names = NAMES.get(entity, {}).get(field, (field, field))
    return _plain(crm.get(names[0])), _plain(erp.get(names[1]))


def _plain(value: Any) -> Any:
    try:
        return Decimal(value)
    except (ArithmeticError, TypeError, ValueError):
        return value


@pytest.mark.parametrize("entity", ENTITIES)
async def test_what_one_half_accepts_the_other_accepts_and_keeps_equal(both, entity):
    """A value that stops at one half stops a lane; one that is kept otherwise drifts apart."""
    kept = ENTITIES[entity]
    written = await bodies(both, entity)
    tried = [(field, value) for field, values in kept.fields.items() for value in drawn(values)]
    sent = []
    for number, (field, value) in enumerate(tried):
        key = {"external_id": f"{entity}-{number}", "source_version": 1}
        crm, erp = (key | body for body in written(number, field, value))
        takes = accepted(kept.crm[1], crm), accepted(kept.erp[1], erp)
        assert takes[0] == takes[1], (field, value, takes)
        if all(takes):
            sent.append((field, value, crm, erp))
    assert {field for field, *_ in sent} == kept.fields.keys()
    in_crm = await both.keep(both.crm, kept.crm[0], "erp", [crm for *_, crm, _ in sent])
    in_erp = await both.keep(both.erp, kept.erp[0], "crm", [erp for *_, erp in sent])
    for (field, value, *_), crm, erp in zip(sent, in_crm, in_erp, strict=True):
        assert crm.get("refused") == erp.get("refused"), (field, value, crm, erp)
        if "refused" not in crm and field != "source_version":
            one, other = shown(entity, field, crm, erp)
            assert one == other, (field, value)
