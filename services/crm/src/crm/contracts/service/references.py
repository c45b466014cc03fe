"""What commands about contracts refer to, looked up for many at once."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference
from chassis.work.unit_of_work import Work
from crm import open_work
from crm.accounts.service.referred import Pairs, added, require_fitting_account, require_referred
from crm.contracts.errors import ContractTemplateNotPublished
from crm.contracts.models import Contract
from crm.contracts.queries.templates import CONTRACT_TEMPLATES
from crm.contracts.states import ContractState, TemplateState
from crm.opportunities.service.opportunities import OPPORTUNITY
from crm.quotes.service.quotes import QUOTE
from crm.quotes.states import QuoteState
from records.entities import ACTIVE, Values
from records.types import Change

__all__ = ["OPEN_STATES", "with_references"]

Changes = Sequence[Change[Contract]]
OPEN_STATES = frozenset({ContractState.DRAFT, ContractState.SENT, ContractState.SIGNED})
_OF_QUOTE = ("opportunity_id", "account_id", "contact_id", "owner_id", "team_id")
_OF_DEAL = ("account_id", "owner_id", "team_id")
_SOURCES = {"quote_id": ("quote", _OF_QUOTE), "opportunity_id": ("opportunity", _OF_DEAL)}


async def with_references(work: Work, changes: Changes) -> Sequence[Values]:
    """The values of all, those of new ones with what follows from their quotes and deals.

    Raises MissingReference (template, quote, deal, account, contact, user, team), AccountArchived,
    ContractTemplateNotPublished, Forbidden (an owner out of reach), InvalidInput (a quote that is
    not accepted, another account than that of quote or deal, a disabled owner, a closed team).
    """
    values = [dict(one.values) for one in changes]
    pairs = list(zip(changes, values, strict=True))
    await _require_templates(work, added(pairs, "template_id"))
    for name, kind in (("quote_id", QUOTE), ("opportunity_id", OPPORTUNITY)):
        found = {one.id: one for one in await kind.reads.get_all(work, _named(pairs, name))}
        for one, given in pairs:
            _take_over(one, given, name, found)
    await require_referred(work, pairs)
    return await open_work.without_disabled_owners(work, changes, values, _opens)


def _opens(change: Change[Contract], values: Values) -> bool:
    """Whether it is restored while it is open."""
    present = change.record
    return (
        present.status != ACTIVE
        and values.get("status", present.status) == ACTIVE
        and present.state in OPEN_STATES
    )


def _named(pairs: Pairs, name: str) -> set[UUID]:
    """The ids that count: those that are new, and those beside which the account is written."""
    present = {
        getattr(one.record, name)
        for one, given in pairs
        if "account_id" in given and name not in given and getattr(one.record, name)
    }
    return added(pairs, name) | present


def _take_over(
    change: Change[Contract], values: dict[str, Any], name: str, found: Mapping[UUID, Any]
) -> None:
    """Give a new contract what its quote or deal says. Raises MissingReference, InvalidInput."""
    entity, taken = _SOURCES[name]
    wanted = values.get(name, getattr(change.record, name))
    if wanted is None:
        return
    source = found.get(wanted)
    if source is None and wanted != getattr(change.record, name):
        raise MissingReference(entity=entity, reference=wanted)
    if source is not None and entity == "quote":
        _require_accepted(source)
    if source is not None and change.is_new:
        values |= {one: getattr(source, one) for one in taken if values.get(one) is None}
    text = "The quote or deal is one of another account. Name that account, or neither."
    require_fitting_account(change, values, source, text)


def _require_accepted(quote: Any) -> None:
    if quote.state != QuoteState.ACCEPTED:
        text = "The customer has not accepted this quote."
        raise InvalidInput(errors=[FieldError("/quote_id", "not_accepted", text)])


async def _require_templates(work: Work, wanted: Collection[UUID]) -> None:
    if not wanted:
        return
    found = {one.id: one for one in await CONTRACT_TEMPLATES.get_all(work, wanted)}
    for template_id in sorted(wanted):
        template = found.get(template_id)
        if template is None:
            raise MissingReference(entity="contract_template", reference=template_id)
        if template.state != TemplateState.PUBLISHED or template.status != ACTIVE:
            raise ContractTemplateNotPublished(
                template=template.code,
                template_version=template.template_version,
                state=template.state,
            )
