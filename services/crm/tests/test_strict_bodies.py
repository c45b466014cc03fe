"""Days and moments are taken as they are written, and a wrong one is explained."""

from uuid import uuid4


async def test_a_wrong_day_is_explained_in_the_readers_language(desk, problem):
    body = {"product": "x", "price": {"amount": "1", "currency": "CNY"}, "valid_from": 0}
    for language, message in (
        ("en", "Write the day as YYYY-MM-DD."),
        ("zh-CN", "请按 YYYY-MM-DD 的格式填写日期。"),
    ):
        reply = await desk.crm.post(
            "/v1/product-prices", body, headers={"Accept-Language": language}
        )
        [wrong] = problem(reply, 422, "invalid_input")["errors"]
        assert (wrong["pointer"], wrong["message"]) == ("/valid_from", message)


async def test_a_debt_is_told_at_a_moment(desk, problem):
    account = await desk.account()
    facts = {"source_version": 1, "account_id": account["id"], "owes": "1"}
    path = f"/v1/account-debts/by-external/erp/{uuid4()}"
    for wrong in (1764201600, "1764201600", "2026-11-28", "2026-11-28T00:00:00"):
        reply = await desk.client.put(path, json=facts | {"told_at": wrong})
        assert problem(reply, 422, "invalid_input")["errors"][0]["pointer"] == "/told_at"
    for right in ("2026-11-28T00:00:00Z", "2026-11-28T08:00:00.5+08:00"):
        reply = await desk.client.put(path, json=facts | {"told_at": right})
        assert reply.is_success, reply.text
