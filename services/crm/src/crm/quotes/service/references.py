"""What commands about quotes refer to, looked up for many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.work.unit_of_work import Work
from crm import open_work
from crm.accounts.service.referred import added, require_fitting_account, require_referred
from crm.catalog.service import pricing
from crm.quotes import queries
from crm.quotes.models import Quote
from crm.quotes.states import OPEN_STATES
from records.entities import ACTIVE, Values
from records.types import Change

__all__ = ["Offers", "load_offers", "with_references"]

Changes = Sequence[Change[Quote]]
Offers = Mapping[str, pricing.Offer]


@dataclass(frozen=True)
class _Deal:
    """What a quote takes over from its deal."""

    account_id: UUID | None
    owner_id: UUID | None
    team_id: UUID | None


async def with_references(work: Work, changes: Changes) -> list[Values]:
    """The values of all, those of new ones with what follows from their deals.

    Raises MissingReference (deal, account, contact, user, team), AccountArchived, Forbidden (an
    owner out of reach), InvalidInput (another account than the deal's, a disabled owner, a closed
    team).
    """
    deals = await _deals(work, changes)
    values = [_with_deal(one, deals) for one in changes]
    pairs = list(zip(changes, values, strict=True))
    await require_referred(work, pairs)
    return await open_work.without_disabled_owners(work, changes, values, _opens)


def _opens(change: Change[Quote], values: Values) -> bool:
    """Whether it is restored while it is open."""
    present = change.record
    return (
        present.status != ACTIVE
        and values.get("status", present.status) == ACTIVE
        and present.state in OPEN_STATES
    )


async def load_offers(
    work: Work, changes: Changes, values: Sequence[Mapping[str, Any]]
) -> Mapping[UUID | None, Offers]:
    """The products named, by account: each account may have a price list of its own."""
    named: dict[UUID | None, set[str]] = {}
    for one, given in zip(changes, values, strict=True):
        products = {line.product for line in given.get("lines") or ()}
        if products:
            account_id = given.get("account_id", one.record.account_id)
            named.setdefault(account_id, set()).update(products)
    return {
        account_id: await pricing.offered(work.sql, products, account_id=account_id)
        for account_id, products in named.items()
    }


async def _deals(work: Work, changes: Changes) -> dict[UUID, _Deal]:
    """The deals of the quotes whose deal or account is written; those named anew must be seen."""
    named = added([(one, one.values) for one in changes], "opportunity_id")
    wanted = named | {
        one.record.opportunity_id
        for one in changes
        if one.record.opportunity_id and "account_id" in one.values
    }
    found = await queries.deals_of(work, wanted) if wanted else {}
    for deal_id in sorted(named):
        if deal_id not in found:
            raise MissingReference(entity="opportunity", reference=deal_id)
    return {
        deal_id: _Deal(row["account_id"], row["owner_id"], row["team_id"])
        for deal_id, row in found.items()
    }


def _with_deal(change: Change[Quote], deals: Mapping[UUID, _Deal]) -> dict[str, Any]:
    """The values of one. Raises InvalidInput."""
    values = dict(change.values)
    deal_id = values.get("opportunity_id", change.record.opportunity_id)
    if deal_id is None:
        return values
    deal = deals.get(deal_id)
    if change.is_new and deal is not None:
        for name in ("account_id", "owner_id", "team_id"):
            if values.get(name) is None:
                values[name] = getattr(deal, name)
    message = "The deal is one of another account. Name that account, or no deal."
    require_fitting_account(change, values, deal, message)
    return values
