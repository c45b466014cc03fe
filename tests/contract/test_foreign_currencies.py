"""Another currency than the company's is refused in the words that the route declares (E3)."""

from typing import Any
from uuid import uuid4

import pytest

from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from erp.ledger.service.years import ensure_year
from identity.testing.service import running
from tests.contract.request_examples import JSON, Caller

CODE = "currency_not_supported"
OF_THE_ERP = {"account_debt_upsert_batch", "order_fulfilment_upsert_batch"}
"""Batches that only the other half sends."""
MISSING_FIRST = {
    "order_create",
    "price_create",
    "price_upsert_batch",
    "product_price_create",
    "product_price_upsert_batch",
    "quote_create",
    "sales_order_create",
    "sales_order_upsert_batch",
    "sales_quota_create",
    "supplier_price_create",
    "supplier_price_upsert_batch",
}
"""Routes that look up what the request names before they look at its currency."""
OF_ANY_CURRENCY = {
    "approval_rule_create",
    "approval_rule_try",
    "exchange_rate_create",
    "exchange_rate_upsert_batch",
}
"""Routes that are about other currencies: rates of them, and approvals of amounts in them."""


@pytest.fixture(params=[CRM, ERP], ids=lambda service: service.name)
async def caller(request, cluster):
    """A service whose client refuses a reply that its route does not declare."""
    async with running(request.param, cluster) as server:
        if request.param is ERP:
            async with server.database.transaction() as work:
                await ensure_year(work, work.today())
        yield Caller(server)


def in_dollars(value: Any, schema: Any, components: Any) -> Any:
    """The request with another currency wherever its schema takes one."""
    schema = components.get(schema.get("$ref", "").rpartition("/")[2], schema)
    for part in schema.get("anyOf", ()):
        if isinstance(value, dict | list) and part.get("type") != "null":
            return in_dollars(value, part, components)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        named = {"currency": "USD"} if "currency" in known else {}
        return {
            name: in_dollars(one, known.get(name, {}), components) for name, one in value.items()
        } | named
    if isinstance(value, list):
        return [in_dollars(one, schema.get("items", {}), components) for one in value]
    return value


def codes(reply: Any) -> set[str]:
    """The problem of a refusal, or those of a batch's items."""
    if not isinstance(reply, dict):
        return set()
    items = [one.get("problem") for one in reply.get("items", []) if isinstance(one, dict)]
    return {one["code"] for one in (reply, *items) if one and "code" in one}


async def test_every_route_declares_that_it_refuses_another_currency(caller):
    """Batches too, be it of the whole or of an item; never with an undeclared problem."""
    answered, api = {}, caller.server.app.openapi()["components"]["schemas"]
    for name, (method, path, operation) in caller.calls.items():
        content = operation["requestBody"]["content"].get(JSON)
        if content is None or name in OF_ANY_CURRENCY or path.count("{") > path.count("{system}"):
            continue
        body = in_dollars(content["example"], content["schema"], api)
        if body == content["example"]:
            continue
        reply = await caller.server.client.request(
            method,
            path.replace("{system}", "erp" if name in OF_THE_ERP else "shop"),
            json=body,
            headers={"Idempotency-Key": str(uuid4()), "If-Match": "*"},
        )
        answered[name] = codes(reply.json())
    assert len(answered) > 9
    wanted = {name: {"missing_reference" if name in MISSING_FIRST else CODE} for name in answered}
    assert answered == wanted
