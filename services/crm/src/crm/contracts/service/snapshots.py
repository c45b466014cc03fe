"""What a contract is generated from: a version of a template, and what its variables stand for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chassis.clock import business_day
from chassis.storage.reading import Reading
from crm import formats
from crm.contracts.errors import ContractIncomplete, ContractTooLong
from crm.contracts.models import Contract
from crm.contracts.queries import texts
from crm.contracts.queries.templates import CONTRACT_TEMPLATES
from crm.contracts.queries.texts import Facts, Line
from crm.contracts.rules.clauses import (
    TEXT_MAX,
    TextTooLong,
    hash_of_values,
    rendered,
    text_of,
    variables_of,
)
from crm.contracts.rules.conditions import asked_of, included, number_of
from crm.contracts.schemas import ContractTemplateView
from crm.settings import CrmSettings, settings_of
from values.decimals import plain

__all__ = ["NUMBER", "TITLE", "Snapshot", "clauses_of", "snapshot_of", "text_from"]

TITLE, NUMBER = "contract.name", "contract.number"
_LINE = {
    "en": "{position}. {code} {description}: {quantity} {unit} x {price}{discount}, net {net}",
    "zh-CN": "{position}. {code} {description}：{quantity} {unit} x {price}{discount}，净额 {net}",
}
_SUMS = ("net", "tax", "total")
_DISCOUNT = {"en": ", discount {discount}", "zh-CN": "，折扣 {discount}"}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the variables stand for, as it is printed; `facts` are what it was made from."""

    template: ContractTemplateView
    values: dict[str, str]
    facts: Facts

    @property
    def hash(self) -> str:
        """SHA-256 of the values."""
        return hash_of_values(self.values)


async def snapshot_of(at: Reading, contract: Contract) -> Snapshot:
    """What the contract would be generated from now: of the data only what its clauses name.

    And what their conditions ask, which may be empty. Raises ContractIncomplete: a template, or the
    value of a variable of a clause that is part of it is missing.
    """
    if contract.template_id is None:
        raise ContractIncomplete(number=contract.number, fields="template_id")
    template = await CONTRACT_TEMPLATES.get(at, contract.template_id)
    facts = await texts.facts_of(at.sql, contract.id)
    printed = _printed(at, contract, facts, template.language)
    clauses = clauses_of(template)
    asked = {name: printed[name] for name in asked_of(clauses)}
    named = variables_of(included(clauses, asked)).keys() | {TITLE, NUMBER}
    missing = [name for name in sorted(named) if not printed[name]]
    if missing:
        raise ContractIncomplete(number=contract.number, fields=", ".join(missing))
    values = {name: printed[name] for name in sorted(named | asked.keys())}
    return Snapshot(template, values, facts)


def text_from(template: ContractTemplateView, values: Mapping[str, str]) -> str:
    """The text that the version makes of the values: the same of the same (C29).

    Raises ContractTooLong.
    """
    try:
        clauses = rendered(clauses_of(template), values)
    except TextTooLong as long:
        raise ContractTooLong(number=values[NUMBER], limit=TEXT_MAX) from long
    return text_of(clauses, language=template.language, title=values[TITLE], number=values[NUMBER])


def clauses_of(template: ContractTemplateView) -> list[dict[str, Any]]:
    """The clauses as rules take them."""
    return [one.model_dump(mode="json") for one in template.clauses]


def _printed(at: Reading, contract: Contract, facts: Facts, language: str) -> dict[str, str]:
    """All variables by name; empty: there is nothing to print."""
    own = settings_of(at.setting)
    drawn_up = business_day(at.setting.zone, contract.created_at)
    days = {
        "contract.drawn_up_on": drawn_up,
        "contract.starts_on": contract.starts_on,
        "contract.ends_on": contract.ends_on,
        "contract.renewal_on": contract.renewal_on,
        "quote.accepted_on": facts.quote_accepted_on,
    }
    notice = contract.notice_days
    return {
        NUMBER: contract.number,
        TITLE: contract.name,
        "contract.notice_days": "" if notice is None else str(notice),
        number_of("contract.notice_days"): "" if notice is None else str(notice),
        **{name: formats.day(one, language) if one else "" for name, one in days.items()},
        **_of_records(facts, language),
        **_of_quote(facts, language),
        **_of_company(own),
    }


def _of_records(facts: Facts, language: str) -> dict[str, str]:
    return {
        "account.name": facts.account_name or "",
        "account.tax_id": facts.account_tax_id or "",
        "account.address": formats.address(facts.account_address or {}, language),
        "account.segment": facts.account_segment or "",
        "account.industry": facts.account_industry or "",
        "contact.name": facts.contact_name or "",
        "contact.title": facts.contact_title or "",
        "opportunity.name": facts.opportunity_name or "",
    }


def _of_company(own: CrmSettings) -> dict[str, str]:
    return {
        "company.name": own.company_name,
        "company.address": own.company_address,
        "company.tax_id": own.company_tax_id,
    }


def _of_quote(facts: Facts, language: str) -> dict[str, str]:
    names = ("number", "quote_version", "currency", "lines", *_SUMS, *map(number_of, _SUMS))
    currency = facts.currency
    if facts.quote_number is None or currency is None:
        return {f"quote.{name}": "" for name in names}
    sums = {name: getattr(facts, f"quote_{name}") for name in _SUMS}

    def money(value: Any) -> str:
        return formats.amount(value, currency, language)

    listed = [_line(position, one, language, money) for position, one in enumerate(facts.lines, 1)]
    return {
        "quote.number": facts.quote_number,
        "quote.quote_version": str(facts.quote_version),
        "quote.currency": currency,
        "quote.lines": "\n".join(listed),
        **{f"quote.{name}": money(value) for name, value in sums.items()},
        **{number_of(f"quote.{name}"): plain(value) for name, value in sums.items()},
    }


def _line(position: int, line: Line, language: str, money: Callable[[Any], str]) -> str:
    """A line of the quote; the discount on all lines is part of its net amount."""
    discount = ""
    if line.discount:
        discount = _DISCOUNT[language].format(discount=formats.percent(line.discount))
    return _LINE[language].format(
        position=position,
        code=line.code,
        description=line.description,
        quantity=formats.number(line.quantity, language),
        unit=line.unit,
        price=formats.number(line.unit_price, language),
        discount=discount,
        net=money(line.net),
    )
