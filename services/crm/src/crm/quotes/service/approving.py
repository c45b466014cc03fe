"""Approval of quotes: what is asked, what is approved, and what a change makes of both (C28)."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from approvals.rules.matching import fingerprint_of
from approvals.subjects import Fact
from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from crm.approvals.service import asking as approvals
from crm.costs.service import costs_on
from crm.quotes import queries
from crm.quotes.errors import ApprovalNeeded, ApprovalNotNeeded
from crm.quotes.models import Quote, QuotedLine
from crm.quotes.rules.approval import Discounts, OfferedLine, discounts_of
from crm.quotes.rules.margins import CostedLine, margin_of_quote
from crm.quotes.schemas import QuoteApprovalTrial, TrialApprover, TrialOfStep
from records.types import Change
from values.amounts import amount_facts
from values.decimals import plain
from values.money import digits_of

__all__ = ["require_approved", "submit", "try_quote", "void_of_changed"]

_PRICED = ("product_id", "quantity", "list_price", "unit_price", "discount", "tax_rate")
_ASKED_ABOUT = {"lines", "discount", "discount_amount", "account_id", "opportunity_id", "team_id"}
"""Fields of a quote on which an approval hangs: what is offered for how much, and to whom."""


async def submit(work: Work, quote: Quote) -> None:
    """Ask for the approval of a locked draft; what is asked or approved already is not asked again.

    What was asked or approved of it as it was before is void, also where no act changed it: the
    accounts of a merge are re-pointed, costs and segments change. Raises ApprovalNotNeeded.
    """
    asked = await _asked(work, quote)
    await approvals.void_outdated(work, asked)
    if await approvals.request_approval(work, asked) is None:
        raise ApprovalNotNeeded(number=quote.number, quote_version=quote.quote_version)


async def require_approved(work: Work, quote: Quote) -> None:
    """See to it that a locked draft may be sent. Raises ApprovalNeeded.

    What waits for a decision although no rule wants it any more is withdrawn.
    """
    asked = await _asked(work, quote)
    if await approvals.is_approved(work, asked):
        return
    if await approvals.needs_approval(work, asked):
        raise ApprovalNeeded(number=quote.number, quote_version=quote.quote_version)
    await approvals.withdraw_requests(work, quote.id)


async def void_of_changed(work: Work, changes: Sequence[Change[Quote]]) -> None:
    """Void what was asked or approved of drafts that are others now, or are put out of the way."""
    changed = {
        one.record.id: "" if one.record.status == "archived" else _fingerprint(one.record)
        for one in changes
        if not one.is_new and _ASKED_ABOUT.union({"status"}) & one.before.keys()
    }
    if changed:
        await approvals.void_changed(work, changed)


async def try_quote(at: Reading, quote_id: UUID) -> QuoteApprovalTrial:
    """Whether a quote needs an approval, and who would be asked now. Raises NotFound."""
    await queries.QUOTES.require(at, quote_id)
    [quote] = await read_all(at, Quote, [quote_id])
    await queries.load_lines(at.sql, {quote.id: quote})
    asked = await _asked(at, quote)
    tried = await approvals.try_approval(at, asked)
    discounts = _discounts(quote)
    margin = await _margin_percent(at, quote) if at.actor.may(queries.COSTS_READ) else None
    return QuoteApprovalTrial(
        needed=tried.needed,
        approved=await approvals.is_approved(at, asked),
        margin_percent=margin,
        percent=discounts.percent,
        line_percent=discounts.line_percent,
        rule_id=tried.rule_id,
        steps=[
            TrialOfStep(
                stage=one.stage,
                quorum=one.quorum,
                people=[TrialApprover(user_id=who.user_id, name=who.name) for who in one.people],
                rerouted=one.rerouted,
                stuck=one.stuck,
            )
            for one in tried.steps
        ],
    )


async def _asked(at: Reading, quote: Quote) -> approvals.Asked:
    """What is asked about the quote as it is now."""
    discounts = _discounts(quote)
    about = await queries.dimensions_of(at.sql, quote)
    measures: dict[str, Fact] = {
        "percent": discounts.percent,
        "line_percent": discounts.line_percent,
        "total": quote.total,
        "margin_percent": await _margin_percent(at, quote),
        **about,
    }
    return approvals.Asked(
        quote_id=quote.id,
        facts={
            "number": quote.number,
            "quote_version": quote.quote_version,
            "percent": plain(discounts.percent),
            "line_percent": plain(discounts.line_percent),
            **amount_facts(quote.currency, total=quote.total),
        },
        measures=measures,
        currency=quote.currency,
        fingerprint=_fingerprint(quote),
    )


async def _margin_percent(at: Reading, quote: Quote) -> Decimal | None:
    """By the costs of the day on which it was priced; None: a cost is missing."""
    products = {one.product_id for one in quote.lines}
    costs = await costs_on(at, products, currency=quote.currency, day=quote.priced_on)
    lines = [CostedLine(one.quantity, one.net, costs.get(one.product_id)) for one in quote.lines]
    return margin_of_quote(lines, decimals=digits_of(quote.currency)).percent


def _discounts(quote: Quote) -> Discounts:
    return discounts_of(
        OfferedLine(one.quantity, _base_of(one), one.unit_price, one.net) for one in quote.lines
    )


def _base_of(line: QuotedLine) -> Decimal | None:
    """By what discounts of the line are measured."""
    return line.day_price if line.list_price is None else line.list_price


def _fingerprint(quote: Quote) -> str:
    """Of what is offered, at which prices and discounts, to whom."""
    lines = [
        {name: getattr(one, name) for name in _PRICED} | {"list_price": _base_of(one)}
        for one in quote.lines
    ]
    about = ("discount", "currency", "account_id", "opportunity_id", "team_id")
    amount = quote.discount_amount.amount if quote.discount_amount else None
    facts = {name: getattr(quote, name) for name in about}
    return fingerprint_of(facts | {"lines": lines, "discount_amount": amount})
