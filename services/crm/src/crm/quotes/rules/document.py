"""The text of a quote, as the customer agrees to it: the same quote gives the same text."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from values.decimals import plain

__all__ = ["DocumentLine", "QuoteDocument", "text_of"]


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A line as the customer reads it; amounts with the digits of the currency."""

    position: int
    product: str
    description: str
    quantity: Decimal
    unit: str
    unit_price: str
    discount: Decimal
    net: str
    tax_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class QuoteDocument:
    """A quote as the customer reads it. `company`: who offers it; empty: nobody set that.

    The text that is agreed to does not name the company; its PDF does.
    """

    language: str
    number: str
    quote_version: int
    title: str
    account: str
    contact: str
    quoted_on: date
    valid_until: date
    currency: str
    discount: Decimal
    discount_amount: str
    lines: Sequence[DocumentLine]
    net: str
    tax: str
    total: str
    terms: str
    company: str = ""
    company_address: str = ""
    company_tax_id: str = ""


_LINE_ENGLISH = (
    "{position}. {product} {description}: {quantity} {unit} x {unit_price}"
    ", discount {discount} %, net {net}"
)
_LINE_CHINESE = (
    "{position}. {product} {description}：{quantity} {unit} x {unit_price}"
    "，折扣 {discount} %，净额 {net}"
)
_WORDS = {
    "quote": ("Quote {number}, version {quote_version}", "报价单 {number}，版本 {quote_version}"),
    "account": ("For: {account}", "客户：{account}"),
    "contact": ("Attention: {contact}", "联系人：{contact}"),
    "quoted_on": ("Date: {quoted_on}", "日期：{quoted_on}"),
    "valid_until": ("Valid until: {valid_until}", "有效期至：{valid_until}"),
    "of_line": (_LINE_ENGLISH, _LINE_CHINESE),
    "tax_rate": (", tax {tax_rate} %", "，税率 {tax_rate} %"),
    "discount": ("Discount on all lines: {discount} %", "整单折扣：{discount} %"),
    "discount_amount": (
        "Discount on the whole: {discount_amount} {currency}",
        "整单优惠：{discount_amount} {currency}",
    ),
    "net": ("Net: {net} {currency}", "净额：{net} {currency}"),
    "tax": ("Tax: {tax} {currency}", "税额：{tax} {currency}"),
    "total": ("Total: {total} {currency}", "合计：{total} {currency}"),
    "terms": ("Terms: {terms}", "条款：{terms}"),
}
_HEAD = ("account", "contact", "quoted_on", "valid_until")
_FOOT = ("discount", "discount_amount", "net", "tax", "total", "terms")
_CENT = Decimal(100)


def text_of(quote: QuoteDocument) -> str:
    """The quote in plain text, in its language."""
    at = 1 if quote.language.startswith("zh") else 0
    facts = _facts(quote)
    said = [_WORDS["quote"][at].format(**facts), quote.title]
    said += [_WORDS[name][at].format(**facts) for name in _HEAD if facts[name]]
    said += [_line(one, at) for one in quote.lines]
    said += [_WORDS[name][at].format(**facts) for name in _FOOT if facts[name]]
    return "\n".join(said) + "\n"


def percent(part: Decimal) -> str:
    """The part, 0 to 1, in percent."""
    return plain(part * _CENT)


def _facts(quote: QuoteDocument) -> dict[str, str]:
    names = QuoteDocument.__dataclass_fields__.keys() - {"lines", "discount", "tax"}
    facts = {name: str(getattr(quote, name)) for name in names}
    facts["discount"] = percent(quote.discount) if quote.discount else ""
    facts["tax"] = quote.tax if any(one.tax_rate is not None for one in quote.lines) else ""
    return facts


def _line(line: DocumentLine, at: int) -> str:
    names = ("position", "product", "description", "unit", "unit_price", "net")
    facts = {name: str(getattr(line, name)) for name in names}
    facts |= {"quantity": plain(line.quantity), "discount": percent(line.discount)}
    text = _WORDS["of_line"][at].format(**facts)
    if line.tax_rate is None:
        return text
    return text + _WORDS["tax_rate"][at].format(tax_rate=percent(line.tax_rate))
