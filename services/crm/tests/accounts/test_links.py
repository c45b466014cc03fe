"""Links of many accounts in one request, each judged alone."""

from uuid import uuid4

PATH = "/v1/accounts"


async def linked(desk, *pairs, system="erp"):
    """Link the records; the reply's items."""
    items = [{"id": one["id"], "external_id": external_id} for one, external_id in pairs]
    reply = await desk.crm.post(f"{PATH}/external-refs/batch", {"system": system, "items": items})
    assert reply.status_code == 200, reply.text
    return reply.json()["items"]


async def test_many_links_are_made_at_once_and_each_is_judged_alone(desk):
    """B44, B51: a refused one leaves the others; repeating it is safe."""
    one, two, three = [await desk.account() for _ in range(3)]
    keys = [desk.word() for _ in range(3)]
    told = await linked(desk, (one, keys[0]), ({"id": str(uuid4())}, keys[1]), (two, keys[0]))
    assert [item["status"] for item in told] == ["linked", "failed", "failed"]
    assert [item["problem"]["code"] for item in told[1:]] == ["not_found", "already_linked"]
    told = await linked(desk, (one, keys[0]), (one, keys[1]), (three, keys[2]))
    assert [item["status"] for item in told] == ["unchanged", "failed", "linked"]
    for item, record in zip((told[0], told[2]), (one, three), strict=True):
        assert item["revision"] == record["revision"]


async def test_links_are_listed_by_record(desk):
    """Those of all systems; a record without one is left out."""
    one, two = [await desk.account() for _ in range(2)]
    key, third = desk.word(), desk.word()
    await linked(desk, (one, key))
    await linked(desk, (one, third), system="shop")
    reply = await desk.crm.client.get(
        f"{PATH}/external-refs", params={"id": [one["id"], two["id"], str(uuid4())]}
    )
    assert reply.json()["items"] == [
        {"id": one["id"], "system": "erp", "external_id": key},
        {"id": one["id"], "system": "shop", "external_id": third},
    ]


async def test_who_may_not_write_may_not_link(desk, problem):
    """401, 403, and at least one record."""
    reader = await desk.crm.as_("accounts.read")
    body = {"system": "shop", "items": [{"id": str(uuid4()), "external_id": "x"}]}
    headers = {"Idempotency-Key": desk.word()}
    refused = await reader.post(f"{PATH}/external-refs/batch", json=body, headers=headers)
    problem(refused, 403, "forbidden")
    empty = await desk.crm.post(f"{PATH}/external-refs/batch", {"system": "shop", "items": []})
    problem(empty, 422, "invalid_input")
