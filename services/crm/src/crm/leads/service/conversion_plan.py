"""What a conversion would make and join, and what is in its way: nothing is changed here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError, Problem
from chassis.problems.standard import Forbidden, InvalidInput, MissingReference
from chassis.storage.reading import Reading
from crm.accounts.errors import AccountArchived
from crm.accounts.service.accounts import ACCOUNT
from crm.accounts.service.contacts import CONTACT
from crm.leads.errors import DuplicatesUnanswered
from crm.leads.models import Lead
from crm.leads.schemas.conversion import ConversionDuplicate, ConvertLead, Use, UseRecord
from crm.leads.schemas.duplicates import DuplicateView
from crm.leads.service import duplicates
from crm.opportunities.errors import OpportunityClosed
from crm.opportunities.service.opportunities import OPPORTUNITY
from crm.opportunities.states import StageKind
from records.entities import ARCHIVED
from records.erasure.errors import PersonIsErased
from records.types import RecordType

__all__ = ["OPPORTUNITIES_READ", "Part", "Plan", "make_plan"]

OPPORTUNITIES_READ = "opportunities.read"
_SCOPES = {"account": "accounts", "contact": "accounts", "opportunity": "opportunities"}
_KINDS: dict[str, RecordType[Any, Any]] = {
    "account": ACCOUNT,
    "contact": CONTACT,
    "opportunity": OPPORTUNITY,
}
MOST_SHOWN = 20


@dataclass(frozen=True)
class Part:
    """What becomes of one of the three; `view`: the existing record as the actor sees it."""

    use: Use
    view: Any = None

    @property
    def id(self) -> UUID | None:
        """Of an existing one."""
        found: UUID | None = self.view.id if self.view else None
        return found


@dataclass(frozen=True)
class Plan:
    """What a conversion makes and joins. `refusal`: what it is refused with; None: nothing."""

    account: Part
    contact: Part
    opportunity: Part
    duplicates: Sequence[ConversionDuplicate]
    refusal: Problem | None


async def make_plan(at: Reading, lead: Lead, command: ConvertLead) -> Plan:
    """What the answers come to.

    Raises MissingReference for an existing record that there is not, or that the actor may not
    see; InvalidInput for answers that do not fit together; Forbidden.
    """
    contact = await _part(at, "contact", command.contact)
    opportunity = await _part(at, "opportunity", command.opportunity)
    account = await _account(at, command, contact, opportunity)
    if contact is None:
        contact = Part("none" if account.use == "none" else "new")
    opportunity = opportunity or Part("new")
    _require_fitting(account, contact, opportunity)
    known = await _duplicates(at, lead)
    open_parts = _unanswered(command, account, known)
    refusal = _archived(account, contact, opportunity)
    if open_parts:
        refusal = DuplicatesUnanswered(parts=", ".join(open_parts), candidates=_shown(known))
    _require_scopes(at, {"account": account, "contact": contact, "opportunity": opportunity})
    return Plan(account, contact, opportunity, known, refusal)


async def _part(at: Reading, name: str, answer: UseRecord | None) -> Part | None:
    """The answer with the existing record; None: there was no answer."""
    if answer is None:
        return None
    view = None if answer.id is None else await _existing(at, name, answer.id)
    return Part(answer.use, view)


async def _account(
    at: Reading, command: ConvertLead, contact: Part | None, opportunity: Part | None
) -> Part:
    """The account answered; else that of the existing contact or opportunity; else a new one."""
    answered = await _part(at, "account", command.account)
    if answered:
        return answered
    for other in (contact, opportunity):
        if other and other.view and other.view.account_id:
            return Part("existing", await _existing(at, "account", other.view.account_id))
    return Part("new")


async def _existing(at: Reading, name: str, record_id: UUID) -> Any:
    scope = f"{_SCOPES[name]}.read"
    if not at.actor.may(scope):
        raise Forbidden(scope=scope)
    found = await _KINDS[name].reads.get_all(at, [record_id])
    if not found:
        raise MissingReference(entity=name, reference=record_id)
    return found[0]


def _require_fitting(account: Part, contact: Part, opportunity: Part) -> None:
    """Raises InvalidInput for answers that do not fit together."""
    if account.use == "none" and contact.use != "none":
        text = "A contact stands at an account: use or make an account as well."
        raise _wrong("/contact/use", "no_account", text)
    if account.use == opportunity.use == "none":
        text = "A lead becomes an account or an opportunity, or both."
        raise _wrong("/opportunity/use", "nothing_made", text)
    if contact.view and contact.view.account_id != account.id:
        raise _of_other_account("/contact/id")
    theirs = opportunity.view.account_id if opportunity.view else None
    if theirs and theirs != account.id:
        raise _of_other_account("/opportunity/id")


def _of_other_account(pointer: str) -> InvalidInput:
    return _wrong(pointer, "of_other_account", "This record is of another account.")


def _wrong(pointer: str, code: str, text: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError(pointer, code, text)])


async def _duplicates(at: Reading, lead: Lead) -> list[ConversionDuplicate]:
    """Accounts and contacts that may be the same, those that are most likely so before others."""
    found = [one for one in await duplicates.compared(at, lead) if one.record_type != "lead"]
    marked = [
        ConversionDuplicate(**one.model_dump(), exact=_is_exact(one))
        for one in found
        if _is_exact(one) or duplicates.is_hint(one)
    ]
    return sorted(marked, key=lambda one: (not one.exact, -one.score))[:MOST_SHOWN]


def _is_exact(one: DuplicateView) -> bool:
    """Whether an answer is needed: few share an address, and a number with a like name."""
    points = {reason.reason: reason.points for reason in one.reasons}
    is_person = "email" in points or ("phone" in points and points.get("name", 0) > 0)
    return is_person or (one.record_type == "account" and "company" in points)


def _unanswered(
    command: ConvertLead, account: Part, known: Sequence[ConversionDuplicate]
) -> list[str]:
    """The parts that have an exact duplicate and no answer."""
    exact = {one.record_type for one in known if one.exact}
    asked = []
    if "account" in exact and command.account is None and account.use == "new":
        asked.append("account")
    if "contact" in exact and command.contact is None and account.use != "none":
        asked.append("contact")
    return asked


def _shown(known: Sequence[ConversionDuplicate]) -> list[dict[str, Any]]:
    """Those that an answer is needed for, as the facts of a problem."""
    return [
        one.model_dump(mode="json", include={"record_type", "id", "account_id", "name", "score"})
        for one in known
        if one.exact
    ]


def _archived(account: Part, contact: Part, opportunity: Part) -> Problem | None:
    """What is in the way of joining existing records."""
    if account.view and account.view.status == ARCHIVED:
        return AccountArchived(account=account.id)
    if contact.view and contact.view.erased_at:
        return PersonIsErased(entity=CONTACT.name, erased_at=contact.view.erased_at)
    for name, part in (("contact", contact), ("opportunity", opportunity)):
        if part.view and part.view.status == ARCHIVED:
            text = "This record is archived: restore it first, or choose another one."
            return _wrong(f"/{name}/id", "record_archived", text)
    deal = opportunity.view
    if deal and deal.state != StageKind.OPEN:
        return OpportunityClosed(name=deal.name, state=deal.state)
    return None


def _require_scopes(at: Reading, parts: dict[str, Part]) -> None:
    """Raises Forbidden where the actor may not write what the lead becomes or joins."""
    for name, part in parts.items():
        scope = f"{_SCOPES[name]}.write"
        if part.use != "none" and not at.actor.may(scope):
            raise Forbidden(scope=scope)
