"""What commands about opportunities refer to, looked up for many at once."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis.problems.standard import MissingReference
from chassis.work.unit_of_work import Work
from crm.accounts.errors import AccountArchived
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.accounts.service.referred import require_staff
from crm.catalog.service import pricing
from crm.opportunities.models import Opportunity
from crm.opportunities.queries import pipelines
from crm.opportunities.rules.stages import Stages
from crm.opportunities.service.pipelines import COMPETITOR
from crm.rates.service import require_counted_currencies
from records.types import Change

__all__ = ["References", "load_references"]

Changes = Sequence[Change[Opportunity]]
Offers = Mapping[str, pricing.Offer]


@dataclass(frozen=True)
class References:
    """The stages, lost reasons and products that changes name; `offers` by account."""

    stages: Stages
    reasons: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    offers: Mapping[UUID | None, Offers] = field(default_factory=dict)

    def reason(self, name: str) -> UUID:
        """The lost reason of that id or code. Raises MissingReference."""
        if name not in self.reasons:
            raise MissingReference(entity="lost_reason", reference=name)
        found: UUID = self.reasons[name]["id"]
        return found


async def load_references(work: Work, changes: Changes) -> References:
    """What the changes refer to; they may refer to it.

    Raises MissingReference (account, contact, competitor, user, team), AccountArchived, Forbidden
    (an owner out of reach), InvalidInput (a disabled owner, a closed team), CurrencyNotSupported
    (one without an exchange rate).
    """
    await require_counted_currencies(work, _currencies(changes))
    await _require_accounts(work, changes)
    await _require_records(work, CONTACT, _members(changes, "contacts", "contact_id"))
    await _require_records(work, COMPETITOR, _members(changes, "competitor_ids"))
    owners, teams = (_new_values(changes, name) for name in ("owner_id", "team_id"))
    await require_staff(work, owners=owners, teams=teams)
    stages = await pipelines.stages_for(
        work.sql,
        {one.record.pipeline_id for one in changes if not one.is_new},
        _given(changes, "pipeline") | _given(changes, "stage"),
    )
    reasons = _given(changes, "lost_reason")
    found = await pipelines.lost_reasons_named(work.sql, reasons) if reasons else {}
    return References(stages, found, await _offers(work, changes))


def _currencies(changes: Changes) -> set[str]:
    """The currencies of amounts and prices given."""
    amounts = [one.values.get("amount") for one in changes]
    amounts += [line.unit_price for one in changes for line in one.values.get("lines") or ()]
    return {one.currency for one in amounts if one is not None and one.currency}


def _given(changes: Changes, name: str) -> set[Any]:
    """The values that changes give for a field."""
    return {one.values[name] for one in changes if one.values.get(name)}


def _new_values(changes: Changes, name: str) -> set[UUID]:
    """The ids that records do not refer to so far."""
    return {
        one.values[name]
        for one in changes
        if one.values.get(name) and one.values[name] != getattr(one.record, name)
    }


def _members(changes: Changes, name: str, key: str = "") -> set[UUID]:
    return {
        getattr(member, key) if key else member
        for one in changes
        for member in one.values.get(name) or ()
    }


async def _require_accounts(work: Work, changes: Changes) -> None:
    wanted = _new_values(changes, "account_id")
    if not wanted:
        return
    found = {one.id: one for one in await ACCOUNT.reads.get_all(work, wanted)}
    history = {one.values.get("account_id") for one in changes if one.values.get("history")}
    for account_id in wanted:
        if account_id not in found:
            raise MissingReference(entity="account", reference=account_id)
        if found[account_id].status == "archived" and account_id not in history:
            raise AccountArchived(account=account_id)


async def _require_records(work: Work, kind: Any, ids: Collection[UUID]) -> None:
    if not ids:
        return
    found = await kind.reads.found_ids(work, ids)
    for one in ids:
        if one not in found:
            raise MissingReference(entity=kind.name, reference=one)


async def _offers(work: Work, changes: Changes) -> Mapping[UUID | None, Offers]:
    """The products named, by account: each account may have a price list of its own."""
    named: dict[UUID | None, set[str]] = {}
    for one in changes:
        account_id = one.values.get("account_id", one.record.account_id)
        products = {line.product for line in one.values.get("lines") or ()}
        if products:
            named.setdefault(account_id, set()).update(products)
    return {
        account_id: await pricing.offered(work.sql, products, account_id=account_id)
        for account_id, products in named.items()
    }
