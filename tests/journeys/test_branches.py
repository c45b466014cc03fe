"""Two branches of one firm, with one tax id: both halves know both (decision 0050)."""

import httpx

from chassis.testing.waiting import until
from tests.journeys.test_two_halves import tandem, unique

__all__ = ["tandem"]

ACCOUNTS, CUSTOMERS = "/v1/accounts", "/v1/customers"


async def asked_about(tandem, record):
    """The open review of a record."""

    async def found():
        params = {"state": "open", "subject": record["id"]}
        reply = await tandem.bridge.client.get("/v1/reviews", params=params)
        return reply.json()["items"]

    await until(found)
    (review,) = await found()
    return review


async def twin_of(tandem, service, path, system, record):
    await tandem.settled()
    (twin,) = await tandem.twins(service, path, external_system=system, external_id=record["id"])
    return twin


async def agree(tandem, account, customer, *, name, tax_id):
    """Edits of either half cross, and nothing is parked."""
    await tandem.change(tandem.crm, ACCOUNTS, account, name=name)
    await tandem.change(
        tandem.erp, CUSTOMERS, customer, payment_terms_days=14, tax_id=tax_id, tax_id_shared=True
    )
    await tandem.settled()
    ours = (await tandem.crm.client.get(f"{ACCOUNTS}/{account['id']}")).json()
    theirs = (await tandem.erp.client.get(f"{CUSTOMERS}/{customer['id']}")).json()
    for field in ("name", "tax_id"):
        assert ours[field] == theirs[field] == {"name": name, "tax_id": tax_id}[field]
    assert ours["erp"]["payment_terms_days"] == 14
    assert (await tandem.bridge.client.get("/v1/status")).json()["lanes"]["parked"] == 0


async def test_a_second_branch_entered_in_sales(tandem):
    name = unique("Birch")
    tax_id = f"91{name[-8:]}".upper()
    await tandem.make(tandem.crm, ACCOUNTS, name=name, tax_id=tax_id)
    await tandem.settled()
    branch = await tandem.make(tandem.crm, ACCOUNTS, name=f"{name} Suzhou", tax_id=tax_id)
    review = await asked_about(tandem, branch)
    reply = await tandem.bridge.post(
        f"/v1/reviews/{review['id']}/decision",
        {"decision": "create", "note": "a branch of its own"},
        headers={"If-Match": f'"{review["version"]}"'},
    )
    assert reply.status_code == httpx.codes.OK, reply.text
    customer = await twin_of(tandem, tandem.erp, CUSTOMERS, "crm", branch)
    assert (customer["tax_id"], customer["tax_id_shared"]) == (tax_id, True)
    assert len(await tandem.twins(tandem.erp, CUSTOMERS, tax_id=tax_id)) == 2
    await agree(tandem, branch, customer, name=f"{name} Wuxi", tax_id=tax_id)


async def test_a_second_branch_entered_in_the_office(tandem):
    name = unique("Alder")
    tax_id = f"91{name[-8:]}".upper()
    await tandem.make(tandem.erp, CUSTOMERS, name=name, tax_id=tax_id)
    branch = await tandem.make(
        tandem.erp, CUSTOMERS, name=f"{name} Suzhou", tax_id=tax_id, tax_id_shared=True
    )
    account = await twin_of(tandem, tandem.crm, ACCOUNTS, "erp", branch)
    assert account["tax_id"] == tax_id
    await agree(tandem, account, branch, name=f"{name} Wuxi", tax_id=tax_id)
