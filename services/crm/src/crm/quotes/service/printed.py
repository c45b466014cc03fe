"""A quote as its PDF shows it: as it was sent, or a draft as it is now."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from crm import formats
from crm.pdf.document import Column, Fact, PdfDocument, Section, Table
from crm.quotes import queries
from crm.quotes.models import Quote
from crm.quotes.rules.document import DocumentLine, QuoteDocument
from crm.quotes.service.documents import VALID_DAYS, document_of
from crm.quotes.states import QuoteLanguage, QuoteState

__all__ = ["printed_quote"]

_WORDS: Mapping[str, tuple[str, str]] = {
    "quote": ("Quote", "报价单"),
    "version": ("Version", "版本"),
    "company": ("From", "供方"),
    "company_address": ("Address", "地址"),
    "company_tax_id": ("Tax number", "税号"),
    "title": ("Subject", "主题"),
    "account": ("For", "客户"),
    "contact": ("Attention", "联系人"),
    "quoted_on": ("Date", "日期"),
    "valid_until": ("Valid until", "有效期至"),
    "state": ("State", "状态"),
    "draft": ("Draft, not an offer yet", "草稿，尚非报价"),
    "product": ("Product", "产品"),
    "quantity": ("Quantity", "数量"),
    "price": ("Unit price", "单价"),
    "discount": ("Discount", "折扣"),
    "tax_rate": ("Tax rate", "税率"),
    "line_net": ("Net", "净额"),
    "document_discount": ("Discount on all lines", "整单折扣"),
    "discount_amount": ("Discount on the whole", "整单优惠"),
    "net": ("Net", "净额"),
    "tax": ("Tax", "税额"),
    "total": ("Total", "合计"),
    "terms": ("Terms", "条款"),
}


async def printed_quote(at: Reading, quote_id: UUID, language: QuoteLanguage | None) -> PdfDocument:
    """The quote in the language, by default its own. Raises NotFound."""
    await queries.QUOTES.get(at, quote_id)
    [quote] = await read_all(at, Quote, [quote_id])
    document = await queries.kept_document(at.sql, quote_id) or await _of_now(at, quote)
    shown = replace(document, language=language or document.language)
    return _pdf(shown, is_draft=quote.state == QuoteState.DRAFT)


async def _of_now(at: Reading, quote: Quote) -> QuoteDocument:
    """A draft as it would be sent today; what was sent before documents were kept, by its dates."""
    await queries.load_lines(at.sql, {quote.id: quote})
    parties = await queries.parties_of(at.sql, quote.id)
    usual = at.today() + timedelta(days=VALID_DAYS)
    document = await document_of(at, quote, parties, valid_until=quote.valid_until or usual)
    return replace(document, quoted_on=quote.sent_on or document.quoted_on)


def _pdf(quote: QuoteDocument, *, is_draft: bool) -> PdfDocument:
    language = quote.language

    def word(name: str) -> str:
        english, chinese = _WORDS[name]
        return chinese if language == "zh-CN" else english

    said = {
        "company": quote.company,
        "company_address": quote.company_address,
        "company_tax_id": quote.company_tax_id,
        "title": quote.title,
        "account": quote.account,
        "contact": quote.contact,
        "quoted_on": formats.day(quote.quoted_on, language),
        "valid_until": formats.day(quote.valid_until, language),
        "state": word("draft") if is_draft else "",
    }
    version = f"{word('version')} {quote.quote_version}"
    return PdfDocument(
        filename=f"{quote.number}-{quote.quote_version}-{language}",
        language=language,
        title=f"{word('quote')} {quote.number}",
        foot=f"{quote.number} · {version}",
        day=quote.quoted_on,
        facts=[Fact(word(name), value) for name, value in said.items() if value],
        table=_table(quote, {name: word(name) for name in _WORDS}),
        sections=[Section(word("terms"), quote.terms)] if quote.terms else [],
        signatures=[],
    )


def _table(quote: QuoteDocument, words: Mapping[str, str]) -> Table:
    """The lines, with columns for discount and tax only where a line has any."""
    has_discount = any(one.discount for one in quote.lines)
    has_tax = any(one.tax_rate is not None for one in quote.lines)
    columns = [Column("#"), Column(words["product"], width=1)]
    columns += [Column(words[name], is_number=True) for name in ("quantity", "price")]
    columns += [Column(words["discount"], is_number=True)] if has_discount else []
    columns += [Column(words["tax_rate"], is_number=True)] if has_tax else []
    columns.append(Column(words["line_net"], is_number=True))
    rows = [_row(quote, one, has_discount=has_discount, has_tax=has_tax) for one in quote.lines]
    discount = formats.percent(quote.discount) if quote.discount else ""
    sums = [Fact(words["document_discount"], discount)] if discount else []
    shown = ["discount_amount"] if quote.discount_amount else []
    for name in (*shown, "net", "tax", "total") if has_tax else (*shown, "net", "total"):
        amount = formats.amount(Decimal(getattr(quote, name)), quote.currency, quote.language)
        sums.append(Fact(words[name], amount))
    return Table(columns, rows, sums)


def _row(
    quote: QuoteDocument, line: DocumentLine, *, has_discount: bool, has_tax: bool
) -> list[str]:
    language = quote.language
    row = [str(line.position), f"{line.product} {line.description}"]
    row.append(f"{formats.number(line.quantity, language)} {line.unit}")
    row.append(formats.number(Decimal(line.unit_price), language, kept=True))
    if has_discount:
        row.append(formats.percent(line.discount) if line.discount else "")
    if has_tax:
        row.append("" if line.tax_rate is None else formats.percent(line.tax_rate))
    return [*row, formats.amount(Decimal(line.net), quote.currency, language)]
