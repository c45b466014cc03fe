"""What commands about quotes refer to, looked up for many at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.work.unit_of_work import Work
from crm import open_work, reach
from crm.accounts.errors import AccountArchived
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.catalog.service import pricing
from crm.quotes import queries
from crm.quotes.models import Quote
from crm.quotes.states import OPEN_STATES
from crm.staff.service.members import require_active_user
from crm.staff.service.teams import require_open_team
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
    await _require_accounts(work, _added(pairs, "account_id"))
    contacts = _added(pairs, "contact_id")
    found = await CONTACT.reads.found_ids(work, contacts) if contacts else set()
    for contact_id in sorted(contacts):
        if contact_id not in found:
            raise MissingReference(entity="contact", reference=contact_id)
    for owner_id in sorted(_added(pairs, "owner_id")):
        await require_active_user(work, owner_id, pointer="/owner_id")
        await reach.require_person(work, owner_id)
    for team_id in sorted(_added(pairs, "team_id")):
        await require_open_team(work, team_id)
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


def _added(pairs: Sequence[tuple[Change[Quote], Mapping[str, Any]]], name: str) -> set[UUID]:
    """The ids that quotes do not refer to so far."""
    return {
        given[name]
        for one, given in pairs
        if given.get(name) and given[name] != getattr(one.record, name)
    }


async def _deals(work: Work, changes: Changes) -> dict[UUID, _Deal]:
    """The deals of the quotes whose deal or account is written; those named anew must be seen."""
    added = _added([(one, one.values) for one in changes], "opportunity_id")
    wanted = added | {
        one.record.opportunity_id
        for one in changes
        if one.record.opportunity_id and "account_id" in one.values
    }
    found = await queries.deals_of(work, wanted) if wanted else {}
    for deal_id in sorted(added):
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
    deal = deals.get(deal_id) if deal_id else None
    if deal is None:
        return values
    if change.is_new:
        for name in ("account_id", "owner_id", "team_id"):
            if values.get(name) is None:
                values[name] = getattr(deal, name)
    account_id = values.get("account_id", change.record.account_id)
    if deal.account_id is not None and account_id != deal.account_id:
        message = "The deal is one of another account. Name that account, or no deal."
        raise InvalidInput(errors=[FieldError("/account_id", "other_account", message)])
    return values


async def _require_accounts(work: Work, wanted: Collection[UUID]) -> None:
    if not wanted:
        return
    found = {one.id: one for one in await ACCOUNT.reads.get_all(work, wanted)}
    for account_id in sorted(wanted):
        if account_id not in found:
            raise MissingReference(entity="account", reference=account_id)
        if found[account_id].status == "archived":
            raise AccountArchived(account=account_id)
