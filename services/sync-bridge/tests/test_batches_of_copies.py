"""What the ERP tells of many orders, products and customers crosses in few calls."""

import json
from dataclasses import replace

import pytest

from chassis.ids import uuid7

MANY = 20
TOLD_AT = "2026-01-02T00:00:00Z"


def published(rig, kind, at, version=1, **facts):
    """The event of a record that the fake ERP keeps none of, after those it published."""
    made = rig.erp.outbox[-1]
    return replace(
        made,
        event_id=uuid7(),
        type=f"tandem.erp.{kind}.v1",
        subject=at,
        aggversion=version,
        feed_seq=made.feed_seq + 1,
        data=json.dumps({"id": str(at), "version": version} | facts).encode(),
    )


@pytest.fixture
def told(rig):
    """Publishes one event of a kind for each of many records that are across; the bodies sent."""

    async def tell(kind, facts, *, version=1, ids=None):
        ids = ids or [uuid7() for _ in range(MANY)]
        for one, more in zip(ids, facts, strict=True):
            rig.erp.outbox.append(published(rig, kind, one, version, **more))
        rig.crm.calls.clear()
        await rig.synchronize()
        return ids

    return tell


async def across(rig, place, **facts):
    """Records of the ERP that are across; their ids."""
    made = [
        rig.erp.makes(place, **{name: value.format(at) for name, value in facts.items()})
        for at in range(MANY)
    ]
    await rig.synchronize()
    return made


def sent(rig, place):
    """The records named in the one call to the place."""
    (call,) = [one for one in rig.crm.wrote() if one.path.startswith(f"/v1/{place}")]
    assert (call.method, call.path) == ("POST", f"/v1/{place}/by-external/erp/batch")
    assert len(call.headers["tandem-item-traces"].split(",")) == MANY
    return {item["external_id"]: item for item in call.body["items"]}


async def done(rig, kind):
    return await rig.outcomes(kind) == [("done", "applied")] * MANY


async def test_stock_crosses_together(rig, told):
    items = await across(rig, "/v1/items", sku="BOLT-{}")
    facts = [{"item_id": one, "free": str(at), "incoming": "2"} for at, one in enumerate(items)]
    ids = await told("availability-changed", facts)
    calls = sent(rig, "product-availabilities")
    assert [calls[str(one)]["free"] for one in ids] == [str(at) for at in range(MANY)]
    assert {one["source_version"] for one in calls.values()} == {1}
    assert await done(rig, "erp.availability")
    newer = [one | {"incoming": "3"} for one in facts]
    await told("availability-changed", newer, version=2, ids=ids)
    assert len(sent(rig, "product-availabilities")) == MANY, "known ones as well"


async def test_debts_cross_together(rig, told):
    owner = {"number": "C-{}", "name": "Elm {}", "currency": "CNY"}
    customers = await across(rig, "/v1/customers", **owner)
    facts = [{"customer_id": one, "owed": "5.00", "told_at": TOLD_AT} for one in customers]
    ids = await told("balance-changed", facts)
    assert sent(rig, "account-debts").keys() == {str(one) for one in ids}
    assert await done(rig, "erp.debt")


async def test_progress_of_orders_crosses_together(rig, told):
    rig.erp.makes("/v1/items", sku="BOLT")
    orders = [str(uuid7()) for _ in range(MANY)]
    facts = [
        {
            "number": f"SO-{at}",
            "state": "confirmed",
            "external_refs": [{"system": "crm", "external_id": one}],
        }
        for at, one in enumerate(orders)
    ]
    ids = await told("order-changed", facts)
    calls = sent(rig, "order-fulfilments")
    assert [calls[str(one)]["order_id"] for one in ids] == orders
    assert await done(rig, "erp.fulfilment")
