"""Reads of quotes, and the set-based writes of what belongs to them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
from pydantic import TypeAdapter

from chassis.storage.bulk import Bulk
from chassis.storage.paging import Filter, Sort
from chassis.storage.reading import Reading
from crm import reach, searched
from crm.accounts.schemas import AccountView, ContactView
from crm.catalog.schemas import ProductView
from crm.costs.service import COST_OF_PRODUCT
from crm.quotes.models import Quote, QuoteAnswer, QuotedLine, QuoteLine
from crm.quotes.rules.document import QuoteDocument
from crm.quotes.rules.margins import CostedLine, Margin, margin_of_line, margin_of_quote
from crm.quotes.schemas import QuoteQuery, QuoteView
from crm.sql import Sql
from crm.staff.schemas import MemberView, TeamView
from records.filters import among, between, total_between
from records.includes import Include
from records.reads import Reads, columns_of, record_filters, sorts_of
from values.money import digits_of

__all__ = [
    "COSTS_READ",
    "QUOTES",
    "Answered",
    "Parties",
    "accepted_for",
    "accepted_of",
    "answers_of",
    "codes_of",
    "deals_of",
    "dimensions_of",
    "due_to_expire",
    "empty_answers",
    "give_token",
    "keep_answer",
    "keep_document",
    "kept_document",
    "load_lines",
    "next_numbers",
    "parties_of",
    "quote_with_token",
    "replace_lines",
    "versions_beside",
]

_LINES = """(select coalesce(jsonb_agg(jsonb_build_object('product_id', l.product_id,
      'product_code', p.code, 'description', l.description, 'quantity', l.quantity::text,
      'unit', l.unit, 'list_price', l.list_price::text, 'day_price', l.day_price::text,
      'min_quantity', l.min_quantity::text,
      'unit_price', l.unit_price::text, 'discount', l.discount::text,
      'tax_rate', l.tax_rate::text, 'gross', l.gross::text,
      'line_discount', l.line_discount::text, 'document_discount', l.document_discount::text,
      'net', l.net::text, 'tax', l.tax::text, 'promised_on', null, 'unit_cost', <cost>,
      'availability', case when a.product_id is not null then jsonb_build_object(
        'free', a.free::text, 'incoming', a.incoming::text, 'told_at', a.updated_at) end)
      order by l.position), '[]')
    from quote_line l join product p on p.id = l.product_id
      left join product_availability a on a.product_id = l.product_id
    where l.quote_id = quote.id)""".replace(
    "<cost>",
    COST_OF_PRODUCT.format(
        product_id="l.product_id",
        currency="quote.currency",
        day="quote.priced_on",
    ),
)
"""With what lines cost by the day on which they were priced; `_show` hides it."""
_ANSWER = """(select jsonb_build_object('person', a.person, 'note', a.note,
      'source_address', a.source_address, 'text_hash', a.text_hash,
      'answered_at', a.answered_at, 'by', a.by) from quote_answer a where a.quote_id = quote.id)"""
_APPROVAL = """(select jsonb_build_object('approval_id', a.id, 'state', a.state,
      'asked_by', a.asked_by, 'asked_at', a.created_at, 'decided_by', a.decided_by,
      'decided_at', a.decided_at)
    from approval a where a.kind = 'quote' and a.subject_id = quote.id
    order by a.created_at desc, a.id desc limit 1)"""
_AMOUNT = """case when quote.discount_amount is not null then jsonb_build_object(
    'amount', quote.discount_amount::text, 'currency', quote.currency) end"""
COSTS_READ = "costs.read"
_OFFERS = "exists (select from quote_line l where l.quote_id = quote.id and l.product_id = {})"


def _filters(_at: Reading, query: QuoteQuery) -> Sequence[Filter]:
    own = ("account_id", "contact_id", "opportunity_id", "owner_id", "team_id", "number")
    return [
        *record_filters("quote", query),
        *(Filter(f"quote.{one} = {{}}", getattr(query, one)) for one in own),
        among("quote.state", query.state),
        Filter(_OFFERS, query.product_id),
        *between("quote.valid_until", query.valid_until_gte, query.valid_until_lte),
        *total_between("quote.total", query),
    ]


def _visible(at: Reading) -> Sequence[Filter]:
    return reach.of_owner_and_team(at, "read", table="quote")


def _changeable(at: Reading) -> Sequence[Filter]:
    return reach.of_owner_and_team(at, "write", table="quote")


def _show(at: Reading, row: Mapping[str, Any]) -> QuoteView:
    """The view; costs and margins only for who may see them."""
    if not at.actor.may(COSTS_READ):
        hidden = [one | {"unit_cost": None} for one in row["lines"]]
        return QuoteView.model_validate({**row, "lines": hidden})
    decimals = digits_of(row["currency"])
    costed = [_costed(one) for one in row["lines"]]
    lines = [
        shown | _margins(margin_of_line(one, decimals=decimals))
        for shown, one in zip(row["lines"], costed, strict=True)
    ]
    whole = _margins(margin_of_quote(costed, decimals=decimals))
    return QuoteView.model_validate({**row, "lines": lines, **whole})


def _costed(line: Mapping[str, Any]) -> CostedLine:
    cost = line["unit_cost"]
    known = None if cost is None else Decimal(cost)
    return CostedLine(Decimal(line["quantity"]), Decimal(line["net"]), known)


def _margins(margin: Margin) -> dict[str, Decimal | None]:
    return {"margin": margin.margin, "margin_percent": margin.percent}


QUOTES = Reads(
    name="quote",
    view=QuoteView,
    show=_show,
    columns=columns_of(
        QuoteView,
        Quote.__table__,
        lines=_LINES,
        answer=_ANSWER,
        approval=_APPROVAL,
        discount_amount=_AMOUNT,
        margin="null::text",
        margin_percent="null::text",
    ),
    source="quote",
    visible=_visible,
    changeable=_changeable,
    change_scope=reach.CHANGE_ALL,
    query=QuoteQuery,
    filters=_filters,
    searched=searched.QUOTES,
    title="quote.name",
    subtitle="quote.number",
    includes={
        "account": Include(AccountView, "account_id"),
        "contact": Include(ContactView, "contact_id"),
        "owner": Include(MemberView, "owner_id"),
        "team": Include(TeamView, "team_id"),
        "products": Include(ProductView, "lines.product_id", many=True),
    },
    sorts={
        **sorts_of("quote", texts=("number",), total="quote.total"),
        "valid_until": Sort("coalesce(quote.valid_until, 'infinity')", "date"),
    },
    key="quote.id",
)

_OF_LINE = tuple(one.name for one in fields(QuotedLine))
_LOADED = f"""select q.id, array(select ({", ".join(f"l.{one}" for one in _OF_LINE)})
    from quote_line l where l.quote_id = q.id order by l.position) as lines
  from quote q where q.id = any($1::uuid[])"""
_NUMBERS = """insert into quote_number as n (year, last_number) values ($1, $2)
  on conflict (year) do update set last_number = n.last_number + $2 returning last_number"""
_PARTIES = """select coalesce(a.name, '') as account, coalesce(c.name, '') as contact,
    a.status as account_status
  from quote q left join account a on a.id = q.account_id
    left join contact c on c.id = q.contact_id where q.id = $1"""
_DOCUMENT = TypeAdapter(QuoteDocument)
_DIMENSIONS = """select $3::uuid::text as team_id,
    (select o.pipeline_id::text from opportunity o where o.id = $2) as pipeline_id,
    (select nullif(a.segment, '') from account a where a.id = $1) as segment,
    (select nullif(a.industry, '') from account a where a.id = $1) as industry"""
_OF_PERSONS = """q.id = a.quote_id and not a.emptied and (q.contact_id = any($2::uuid[])
    or q.account_id = $1 and ($3::text[] is null or a.person = any($3)))"""
_ANSWERS_OF = """select q.id, q.number, q.quote_version, a.state, a.person, a.note,
    a.source_address, a.answered_at
  from quote_answer a join quote q on {} order by a.answered_at, q.id"""
_EMPTY_ANSWERS = """update quote_answer a set person = '', note = '', source_address = '',
    emptied = true
  from quote q where {} returning a.quote_id"""
_KEEP_HASH = """insert into quote_token (quote_id, token_hash, issued_at) values ($1, $2, $3)
  on conflict (quote_id) do update set token_hash = excluded.token_hash,
    issued_at = excluded.issued_at, used_at = null"""


async def load_lines(sql: Sql, quotes: Mapping[UUID, Quote]) -> None:
    """Give the quotes their lines, of all at once."""
    for row in await sql.fetch(_LOADED, list(quotes)):
        quotes[row["id"]].lines = [QuotedLine(*values) for values in row["lines"]]


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line with its place."""

    quote_id: UUID
    position: int
    line: QuotedLine

    def __getattr__(self, name: str) -> Any:
        return getattr(self.line, name)


async def replace_lines(sql: Sql, quotes: Sequence[Quote]) -> None:
    """Store the lines of quotes, in place of what was there."""
    if not quotes:
        return
    ids = [one.id for one in quotes]
    await sql.execute("delete from quote_line where quote_id = any($1::uuid[])", ids)
    rows = [
        _Placed(quote.id, position, line)
        for quote in quotes
        for position, line in enumerate(quote.lines, 1)
    ]
    bulk = Bulk()
    bulk.insert(QuoteLine, rows, "quote_id", "position", *_OF_LINE)
    await bulk.execute(sql)


async def next_numbers(sql: Sql, day: date, count: int) -> list[str]:
    """So many numbers of the day's year; others wait for them until the act ends."""
    last: int = await sql.fetchval(_NUMBERS, day.year, count)
    return [f"Q-{day.year}-{one:05}" for one in range(last - count + 1, last + 1)]


async def deals_of(at: Reading, ids: Collection[UUID]) -> dict[UUID, asyncpg.Record]:
    """Account, active owner and team of those of the deals that the actor may see."""
    seen = reach.of_owner_and_team(at, "read", table="opportunity")
    conditions = "".join(f" and {one.condition.format('$2')}" for one in seen)
    rows = await at.sql.fetch(
        "select id, account_id, team_id, (select u.id from local_user u"
        " where u.id = owner_id and u.active) as owner_id from opportunity"
        f" where id = any($1::uuid[]){conditions}",
        list(ids),
        *(one.value for one in seen),
    )
    return {row["id"]: row for row in rows}


@dataclass(frozen=True, slots=True)
class Parties:
    """Names of the account and contact of a quote; empty: it has none."""

    account: str
    contact: str
    account_status: str | None


async def parties_of(sql: Sql, quote_id: UUID) -> Parties:
    """Whom the quote is for."""
    [row] = await sql.fetch(_PARTIES, quote_id)
    return Parties(**row)


async def dimensions_of(sql: Sql, quote: Quote) -> dict[str, str | None]:
    """What approval rules may ask about whom a quote is for, and whose it is; null: not known."""
    [row] = await sql.fetch(_DIMENSIONS, quote.account_id, quote.opportunity_id, quote.team_id)
    return dict(row)


async def codes_of(sql: Sql, product_ids: Collection[UUID]) -> dict[UUID, str]:
    """The codes of products."""
    rows = await sql.fetch(
        "select id, code from product where id = any($1::uuid[])", list(product_ids)
    )
    return {row["id"]: row["code"] for row in rows}


async def versions_beside(sql: Sql, quote_id: UUID) -> list[UUID]:
    """All versions of the quote that this one is a version of, itself among them, by id."""
    rows = await sql.fetch(
        "select id from quote where number = (select number from quote where id = $1) order by id",
        quote_id,
    )
    return [row["id"] for row in rows]


async def accepted_of(sql: Sql, quote: Quote) -> str | None:
    """Number of what was accepted in place of the quote: a version of it, or one of its deal."""
    found: str | None = await sql.fetchval(
        "select number from quote where state = 'accepted' and id <> $1"
        " and (number = $2 or opportunity_id = $3) limit 1",
        quote.id,
        quote.number,
        quote.opportunity_id,
    )
    return found


async def accepted_for(sql: Sql, opportunity_id: UUID) -> UUID | None:
    """The quote of the deal that was accepted."""
    found: UUID | None = await sql.fetchval(
        "select id from quote where opportunity_id = $1 and state = 'accepted'", opportunity_id
    )
    return found


async def quote_with_token(sql: Sql, token_hash: bytes) -> UUID | None:
    """The quote that is answered by the token of that hash."""
    found: UUID | None = await sql.fetchval(
        "select quote_id from quote_token where token_hash = $1", token_hash
    )
    return found


async def give_token(sql: Sql, quote_id: UUID, token_hash: bytes, at: datetime) -> None:
    """Keep the hash of the token by which the quote is answered; an earlier one ends."""
    await sql.execute(_KEEP_HASH, quote_id, token_hash, at)


@dataclass(frozen=True, slots=True)
class Answered:
    """What a customer answered to the text that has the hash."""

    quote_id: UUID
    state: str
    person: str
    note: str
    source_address: str
    text_hash: str
    answered_at: datetime
    by: str


async def keep_answer(sql: Sql, answered: Answered) -> None:
    """Keep the answer; the token by which the quote is answered ends."""
    bulk = Bulk()
    bulk.insert(QuoteAnswer, [answered], *(one.name for one in fields(Answered)))
    await bulk.execute(sql)
    await sql.execute(
        "update quote_token set used_at = $2 where quote_id = $1",
        answered.quote_id,
        answered.answered_at,
    )


async def keep_document(sql: Sql, quote_id: UUID, document: QuoteDocument) -> None:
    """Keep what the quote says to the customer, once."""
    await sql.execute(
        "insert into quote_document (quote_id, document) values ($1, $2::text::jsonb)",
        quote_id,
        _DOCUMENT.dump_json(document).decode(),
    )


async def kept_document(sql: Sql, quote_id: UUID) -> QuoteDocument | None:
    """What the quote said when it was sent; None: it was not, or before documents were kept."""
    found = await sql.fetchval(
        "select document::text from quote_document where quote_id = $1", quote_id
    )
    return None if found is None else _DOCUMENT.validate_json(found)


async def answers_of(
    sql: Sql, account_id: UUID, contact_ids: Collection[UUID], names: Sequence[str] | None
) -> list[asyncpg.Record]:
    """Answers to quotes of the account: to those of the contacts, or by one of the names."""
    return list(
        await sql.fetch(_ANSWERS_OF.format(_OF_PERSONS), account_id, list(contact_ids), names)
    )


async def empty_answers(
    sql: Sql, account_id: UUID, contact_ids: Collection[UUID], names: Sequence[str] | None
) -> list[UUID]:
    """Empty who gave these answers, and from where; the ids of the quotes."""
    sql_text = _EMPTY_ANSWERS.format(_OF_PERSONS)
    rows = await sql.fetch(sql_text, account_id, list(contact_ids), names)
    return [row["quote_id"] for row in rows]


async def due_to_expire(sql: Sql, today: date, most: int) -> list[UUID]:
    """Quotes that were sent and whose last day is over, locked; what is in use is left out."""
    rows = await sql.fetch(
        "select id from quote where state = 'sent' and valid_until < $1"
        " order by valid_until, id limit $2 for no key update skip locked",
        today,
        most,
    )
    return [row["id"] for row in rows]
