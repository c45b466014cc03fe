"""Quotes and contracts as PDFs: read back, the same bytes again, within limits."""

import asyncio
import io
import time
from dataclasses import replace
from datetime import date

import pytest
from pypdf import PdfReader
from services.crm.tests.contracts.conftest import Contracts
from services.crm.tests.quotes.conftest import Quotes, cny

from crm.pdf import installed, printing
from crm.pdf.document import Fact, PdfDocument, Section
from crm.pdf.errors import PdfNotMade
from crm.pdf.printing import pdf_of

LETTER = PdfDocument(
    filename="x",
    language="zh-CN",
    title="合同",
    foot="C-1",
    day=date(2026, 11, 29),
    facts=[Fact("客户", "蓝港")],
    table=None,
    sections=[Section("一", "甲方")],
    signatures=[],
)


@pytest.fixture
def quotes(crm, desk):
    return Quotes(crm, desk)


@pytest.fixture
def contracts(crm, desk):
    return Contracts(crm, desk)


async def pdf(crm, path, **asked):
    reply = await crm.client.get(f"{path}/pdf", params=asked)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == "application/pdf"
    return reply


def text_of(content):
    pages = PdfReader(io.BytesIO(content)).pages
    return "\n".join(page.extract_text() for page in pages)


async def quote_of(quotes, **facts):
    """A quote that was sent, with a name of rare signs, discounts, taxes and terms."""
    account = await quotes.desk.account(name="蓝港𠮷龘灯具 #strong[x] {{ 7*7 }} Ж")
    lamp = await quotes.product(name="Desk lamp 台灯")
    line = {"product": lamp["code"], "quantity": "100", "unit_price": cny("12.5")}
    values = {"account_id": account["id"], "terms": "30 days net.\n款到发货", "discount": "0.1"}
    quote, _ = await quotes.sent(line | {"tax_rate": "0.13", "discount": "0.05"}, **values | facts)
    return quote


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ["Quote Q-", "Valid until", "CN¥1,068.75", "CN¥1,207.69", "December 31, 2090"]),
        ("zh-CN", ["报价单 Q-", "有效期至", "¥1,068.75", "¥1,207.69", "2090年12月31日"]),
    ],
)
async def test_a_quote_is_read_back_from_its_pdf(quotes, crm, language, words):
    """In both languages, with rare characters, and with names that look like markup."""
    quote = await quote_of(quotes, valid_until="2090-12-31")
    reply = await pdf(crm, f"/v1/quotes/{quote['id']}", language=language)
    text = text_of(reply.content)
    squeezed = text.replace(" ", "")
    for word in [*words, "Desk lamp 台灯", "30 days net.", "款到发货", "13 %", "10 %", "5 %"]:
        assert word.replace(" ", "") in squeezed, word
    assert "蓝港𠮷龘灯具#strong[x]{{7*7}}Ж" in squeezed
    assert f"{quote['number']}-1-{language}.pdf" in reply.headers["content-disposition"]


@pytest.mark.parametrize(
    ("language", "word", "amount"),
    [("en", "Discount on the whole", "CN¥10.00"), ("zh-CN", "整单优惠", "¥10.00")],
)
async def test_a_discount_by_amount_is_read_back(quotes, crm, language, word, amount):
    """C26: the lines come to less than price by quantity, and the page says why."""
    quote = await quote_of(quotes, discount="0", discount_amount=cny("10.00"))
    text = text_of((await pdf(crm, f"/v1/quotes/{quote['id']}", language=language)).content)
    assert word in text
    assert amount in text
    none = await quote_of(quotes)
    text = text_of((await pdf(crm, f"/v1/quotes/{none['id']}", language=language)).content)
    assert word not in text


async def test_a_quote_that_was_sent_has_the_same_bytes_for_good(quotes, crm):
    """C27: also when the customer is called otherwise since."""
    quote = await quote_of(quotes)
    path = f"/v1/quotes/{quote['id']}"
    first = await pdf(crm, path)
    account = await quotes.desk.see(f"/v1/accounts/{quote['account_id']}")
    renamed = await quotes.desk.change(
        f"/v1/accounts/{account['id']}", {"name": "Other"}, revision=account["version"]
    )
    assert renamed.status_code == 200, renamed.text
    assert (await pdf(crm, path)).content == first.content
    made = PdfReader(io.BytesIO(first.content)).metadata
    assert made.creation_date.date().isoformat() == quote["sent_at"][:10] or made.creation_date
    assert (await pdf(crm, path, language="en")).content != first.content


async def test_a_draft_says_that_it_is_one(quotes, crm):
    quote = await quotes.draft()
    assert "草稿" in text_of((await pdf(crm, f"/v1/quotes/{quote['id']}")).content)


async def test_a_quote_sent_before_documents_were_kept_is_printed(quotes, crm):
    """By its dates, with the names of now."""
    quote = await quotes.expired()
    text = text_of((await pdf(crm, f"/v1/quotes/{quote['id']}")).content).replace(" ", "")
    assert "2020年1月1日" in text
    assert "2020年1月31日" in text
    assert "草稿" not in text


@pytest.mark.parametrize("language", ["en", "zh-CN"])
async def test_a_contract_is_read_back_from_its_pdf(contracts, crm, desk, language):
    """C29: the same version has the same bytes, whatever changed since."""
    account = await desk.account(name=f"蓝港𠮷龘 {desk.word()}")
    clauses = [
        {"heading": "Parties 当事人", "body": "With {{ account.name }}.\n#strong[no] *no* $x$"},
        {"body": "契约 " * 2000},
    ]
    template = await contracts.published(*clauses, language=language)
    made = await contracts.generated(template, account_id=account["id"])
    path = f"/v1/contracts/{made['id']}"
    first = await pdf(crm, path)
    text = text_of(first.content).replace(" ", "")
    for word in (account["name"], "1. Parties 当事人", "#strong[no]", made["number"], "契约契约"):
        assert word.replace(" ", "") in text
    assert ("For the customer" if language == "en" else "客户方").replace(" ", "") in text
    await desk.change(
        f"/v1/accounts/{account['id']}", {"name": "Other"}, revision=account["version"]
    )
    again = await contracts.act(made, "generate")
    assert again["contract_version"] == 2
    assert (await pdf(crm, path, contract_version=1)).content == first.content
    assert (await pdf(crm, path)).content != first.content


async def test_a_contract_without_a_text_has_no_pdf(contracts, crm, problem):
    made = await contracts.draft()
    refused = await crm.client.get(f"/v1/contracts/{made['id']}/pdf")
    problem(refused, 409, "contract_not_generated")
    wrong = await crm.client.get(f"/v1/contracts/{made['id']}/pdf", params={"language": "fr"})
    problem(wrong, 422, "invalid_input")


async def test_without_the_extra_it_is_said_what_is_missing(quotes, crm, problem, monkeypatch):
    """The service runs all the same, and doctor says it too."""
    quote = await quotes.draft()
    found = installed.find_spec
    monkeypatch.setattr(
        installed, "find_spec", lambda name: None if "fonts" in name else found(name)
    )
    path = f"/v1/quotes/{quote['id']}/pdf"
    refused = problem(await crm.client.get(path), 503, "pdf_not_installed")
    assert "manimgx-fonts-cjk" in refused["detail"]
    chinese = await crm.client.get(path, headers={"Accept-Language": "zh-CN"})
    assert "manimgx-fonts-cjk" in chinese.json()["detail"]
    assert "缺少" in chinese.json()["detail"]
    assert "manimgx-fonts-cjk missing" in await installed.check_pdf(None)
    monkeypatch.undo()
    assert "typst" in await installed.check_pdf(None)


async def test_a_pdf_that_takes_too_long_is_given_up(monkeypatch):
    """The process ends, and the next PDF has its turn."""
    monkeypatch.setattr(printing, "LONGEST_SECONDS", 1)
    marks = [Section("", "a" + "\u0301" * 200_000)]
    began = time.monotonic()
    with pytest.raises(PdfNotMade):
        await pdf_of(replace(LETTER, sections=marks))
    assert time.monotonic() - began < 10
    monkeypatch.undo()
    assert (await pdf_of(LETTER)).startswith(b"%PDF")


async def test_many_pdfs_at_once_wait_for_their_turn():
    made = await asyncio.gather(*(pdf_of(LETTER) for _ in range(6)))
    assert len(set(made)) == 1


@pytest.mark.parametrize("sign", ["\x01", "\u202e", "\ufeff", "\ue000", "\U0010ffff", "שלום", "\t"])
async def test_odd_signs_make_a_pdf_all_the_same(sign):
    assert (await pdf_of(replace(LETTER, title=sign, sections=[Section(sign, sign)]))).startswith(
        b"%PDF"
    )
