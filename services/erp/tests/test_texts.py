"""What is refused, asked wrongly or named is told in the language of the caller."""

import pytest

from chassis.texts import Texts
from erp.app import SERVICE
from erp.fulfilment.rules.reasons import WORDS

TEXTS = Texts.load([SERVICE.locale])


def _translated(message: str) -> bool:
    return TEXTS.text(message, "zh-CN") != message


async def test_a_refusal_is_told_in_the_callers_language(desk, problem):
    tax_id = desk.word("TAX")
    await desk.customer(tax_id=tax_id)
    reply = await desk.erp.post(
        "/v1/customers",
        {"name": "重名", "tax_id": tax_id},
        headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"},
    )
    told = problem(reply, 409, "duplicate_tax_id")
    assert told["title"] == "该税号已被使用"
    assert tax_id in told["detail"]
    assert reply.headers["Content-Language"] == "zh-CN"


async def test_a_wrong_field_is_told_in_the_callers_language(desk, problem):
    reply = await desk.erp.post(
        "/v1/customers",
        {"name": "x", "credit_limit": {"amount": 0.3, "currency": "CNY"}},
        headers={"Accept-Language": "zh"},
    )
    [error] = problem(reply, 422, "invalid_input")["errors"]
    assert error["code"] == "decimal_text_required"
    assert "JSON 数字不精确" in error["message"]


async def test_units_are_named_in_the_callers_language(desk):
    english = (await desk.client.get("/v1/units/KGM")).json()
    chinese = (await desk.client.get("/v1/units/KGM", headers={"Accept-Language": "zh-CN"})).json()
    assert (english["name"], chinese["name"]) == ("kilogram", "千克")
    reply = await desk.client.get("/v1/units", headers={"Accept-Language": "zh-CN"})
    untold = [unit["code"] for unit in reply.json()["items"] if unit["name"].isascii()]
    assert [code for code in untold if not code.startswith("X")] == []


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("sort=colour", "请按以下字段之一排序：created_at, updated_at, name, number。"),
        ("limit=201", "不得大于 200。"),
        ("limit=many", "请填写整数。"),
        ("created_from=2020-01-02&created_to=2020-01-01", "该值在 created_to 之后。"),
        ("status=lost", "请填写以下之一：'active', 'archived'。"),
        ("external_id=" + "x" * 201, "最多填写 200 个字符。"),
    ],
)
async def test_a_wrong_question_is_told_in_the_callers_language(desk, problem, question, told):
    reply = await desk.client.get(f"/v1/customers?{question}", headers={"Accept-Language": "zh"})
    [error] = problem(reply, 422, "invalid_input")["errors"]
    assert error["message"] == told


async def test_a_record_is_called_by_its_chinese_name(desk, problem):
    nobody = "01890000-0000-7000-8000-000000000000"
    path = f"/v1/price-lists/{nobody}"
    chinese = await desk.client.get(path, headers={"Accept-Language": "zh"})
    told = problem(chinese, 404, "not_found")
    assert told["detail"].startswith(f"价目表 {nobody} 不存在")
    assert told["facts"]["entity"] == "price_list"
    english = problem(await desk.client.get(path), 404, "not_found")
    assert f"price list {nobody}" in english["detail"]


def test_every_reason_of_a_refused_change_is_translated():
    assert [text for text in WORDS.values() if not _translated(text)] == []
