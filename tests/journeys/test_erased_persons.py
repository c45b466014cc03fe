"""Both halves and the bridge: a person erased in one half is gone in all three."""

import pytest

from tests.journeys.test_two_halves import going, tandem
from tests.records.traces import traces

__all__ = ["going", "tandem"]

NAME, MAIL = "Zhao Qingyun", "qingyun@mill.example"
PLACE = {"line1": "Hemp Lane 5", "city": "Ningbo", "country": "CN"}
TRACES = ("Qingyun", "qingyun", "Hemp Lane")
ACCOUNTS, CUSTOMERS = "/v1/accounts", "/v1/customers"


@pytest.mark.parametrize("first", ["crm", "erp"])
async def test_a_person_erased_in_one_half_is_gone_in_all_three(tandem, first):
    """Every table of the three databases is read; whom we never sold to leaves nothing."""
    facts = {"kind": "person", "name": NAME, "email": MAIL, "shipping_address": PLACE}
    account = await tandem.make(tandem.crm, ACCOUNTS, **facts)
    await tandem.settled()
    (customer,) = await tandem.twins(tandem.erp, CUSTOMERS, email=MAIL)
    assert (customer["kind"], customer["ship_to"]["line1"]) == ("person", "Hemp Lane 5")
    half, path = (
        (tandem.crm, f"{ACCOUNTS}/{account['id']}")
        if first == "crm"
        else (tandem.erp, f"{CUSTOMERS}/{customer['id']}")
    )
    erased = await half.post(f"{path}/erase", None)
    assert erased.status_code == 200, erased.text
    await tandem.settled()
    for service in (tandem.crm, tandem.erp, tandem.bridge):
        assert await traces(service, TRACES) == set(), service.service.name
    seen = (await tandem.erp.client.get(f"{CUSTOMERS}/{customer['id']}")).json()
    assert (seen["name"], seen["erased_at"] is not None) == ("[erased]", True)
    seen = (await tandem.crm.client.get(f"{ACCOUNTS}/{account['id']}")).json()
    assert (seen["name"], seen["erased_at"] is not None) == ("[erased]", True)
    late = {"source_version": 99, "name": NAME, "email": MAIL}
    bridge = await tandem.erp.as_("parties.write", "events.relay", systems=["crm"])
    await bridge.put(f"{CUSTOMERS}/by-external/crm/{account['id']}", json=late)
    assert (await tandem.erp.client.get(f"{CUSTOMERS}/{customer['id']}")).json()["email"] == ""
