"""Texts of contracts, and the facts that they are generated from."""

from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from chassis.storage.bulk import Bulk
from crm.contracts.models import ContractText
from crm.contracts.schemas import ContractTextView
from crm.sql import Sql

__all__ = ["Facts", "Line", "NewText", "add_text", "facts_of", "last_version", "text_of_version"]

_LINES = """array(select (p.code, l.description, l.quantity, l.unit, l.unit_price, l.discount,
      l.net, l.tax_rate) from quote_line l join product p on p.id = l.product_id
    where l.quote_id = q.id order by l.position)"""
_FACTS = f"""select a.name as account_name, a.tax_id as account_tax_id,
    a.segment as account_segment, a.industry as account_industry,
    a.billing_address as account_address, a.status as account_status,
    c.name as contact_name, c.title as contact_title, o.name as opportunity_name,
    q.number as quote_number, q.quote_version, q.answered_on as quote_accepted_on,
    q.currency, q.discount as quote_discount, q.net as quote_net, q.tax as quote_tax,
    q.total as quote_total, {_LINES} as lines
  from contract k left join account a on a.id = k.account_id
    left join contact c on c.id = k.contact_id
    left join opportunity o on o.id = k.opportunity_id
    left join quote q on q.id = k.quote_id
  where k.id = $1"""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the quote that a contract is about."""

    code: str
    description: str
    quantity: Decimal
    unit: str
    unit_price: Decimal
    discount: Decimal
    net: Decimal
    tax_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class Facts:
    """What contracts are generated from, as it is now; None: the contract names no such record."""

    account_name: str | None
    account_tax_id: str | None
    account_segment: str | None
    account_industry: str | None
    account_address: dict[str, str] | None
    account_status: str | None
    contact_name: str | None
    contact_title: str | None
    opportunity_name: str | None
    quote_number: str | None
    quote_version: int | None
    quote_accepted_on: date | None
    currency: str | None
    quote_discount: Decimal | None
    quote_net: Decimal | None
    quote_tax: Decimal | None
    quote_total: Decimal | None
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class NewText:
    """A text that was generated, and what from."""

    contract_id: UUID
    contract_version: int
    template_id: UUID
    language: str
    snapshot: dict[str, Any]
    snapshot_hash: str
    text: str
    text_hash: str
    generated_at: datetime
    generated_by: str
    account_id: UUID | None
    contact_id: UUID | None


async def facts_of(sql: Sql, contract_id: UUID) -> Facts:
    """What there is to say of a contract that there is."""
    [row] = await sql.fetch(_FACTS, contract_id)
    return Facts(**dict(row) | {"lines": [Line(*one) for one in row["lines"]]})


async def last_version(sql: Sql, contract_id: UUID) -> int:
    """The last version of the contract's text; 0: there is none."""
    return int(
        await sql.fetchval(
            "select coalesce(max(contract_version), 0) from contract_text where contract_id = $1",
            contract_id,
        )
    )


async def add_text(sql: Sql, new: NewText) -> None:
    """Keep a text."""
    bulk = Bulk()
    bulk.insert(ContractText, [new], *(one.name for one in dataclass_fields(NewText)))
    await bulk.execute(sql)


async def text_of_version(
    sql: Sql, contract_id: UUID, contract_version: int
) -> ContractTextView | None:
    """The text of a version; None: there is none."""
    row = await sql.fetchrow(
        "select * from contract_text where contract_id = $1 and contract_version = $2",
        contract_id,
        contract_version,
    )
    return None if row is None else ContractTextView.model_validate(dict(row))
