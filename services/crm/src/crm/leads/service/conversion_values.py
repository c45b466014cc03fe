"""What of a lead goes to the account, the contact and the opportunity that it becomes or joins."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from crm.accounts.schemas import AddContact, NewAccount
from crm.accounts.states import AccountKind, Stage
from crm.consents import Consent, ConsentState
from crm.leads.models import Lead
from crm.leads.schemas.conversion import UseOpportunity
from crm.opportunities.schemas.deals import DealContact, NewOpportunity
from values.address import Address
from values.phone import Phone

__all__ = [
    "account_name",
    "fills_of_account",
    "fills_of_contact",
    "fills_of_opportunity",
    "new_account",
    "new_contact",
    "new_opportunity",
]

_OF_PERSON = ("email", "phone")


def account_name(lead: Lead) -> str:
    """The firm's name, or of a private person the person's."""
    return lead.company or lead.name


def new_account(lead: Lead, *, with_contact: bool) -> NewAccount:
    """The account that the lead becomes; without a contact it has the person's address and number.

    It is the lead's owner's, and a prospect: nobody has bought yet.
    """
    values = _of_account(lead)
    if lead.company and with_contact:
        values = {name: one for name, one in values.items() if name not in _OF_PERSON}
    kind = AccountKind.COMPANY if lead.company else AccountKind.PERSON
    own = {"kind": kind, "stage": Stage.PROSPECT, "name": account_name(lead)}
    return NewAccount.model_validate(_given(values | own | {"owner_id": lead.owner_id}))


def new_contact(lead: Lead, account_id: UUID, *, primary: bool) -> AddContact:
    """The contact that the lead becomes, with what the person allows."""
    values = _of_contact(lead) | {"name": lead.name, "consent": lead.consent}
    return AddContact.model_validate(
        _given(values | {"account_id": account_id, "primary": primary or None})
    )


def new_opportunity(
    lead: Lead, asked: UseOpportunity | None, *, account_id: UUID | None, contact_id: UUID | None
) -> NewOpportunity:
    """The opportunity that the lead becomes; its source is that of the lead's first touch."""
    given = asked.given("use", "id") if asked else {}
    people = [DealContact(contact_id=contact_id)] if contact_id else None
    values = {
        "name": account_name(lead),
        "account_id": account_id,
        "contacts": people,
        "owner_id": lead.owner_id,
        "team_id": lead.team_id,
        "source": lead.source,
        "note": lead.note,
    }
    return NewOpportunity.model_validate(_given(_plain(values | given)))


def fills_of_account(lead: Lead, account: Any) -> dict[str, Any]:
    """The empty fields of an account, or of its view, that the lead has values for (C4)."""
    names = {"language", "billing_address"}
    if account.kind == AccountKind.PERSON:
        names.update(_OF_PERSON)
    return _fills(account, {name: one for name, one in _of_account(lead).items() if name in names})


def fills_of_contact(lead: Lead, contact: Any) -> dict[str, Any]:
    """The empty fields of a contact, or of its view, that the lead has values for (C4).

    What the person allows is filled where nobody asked; a refusal that the lead has stays one.
    """
    found = _fills(contact, _of_contact(lead))
    consent = _stricter(lead.consent, contact.consent)
    return found | ({"consent": consent} if consent != contact.consent else {})


def fills_of_opportunity(
    lead: Lead, deal: Any, *, account_id: UUID | None, contact_id: UUID | None
) -> dict[str, Any]:
    """The empty fields of an opportunity that the lead has values for, and its person as well."""
    found = _fills(deal, {"account_id": account_id, "source": lead.source})
    people = [one.contact_id for one in deal.contacts]
    if contact_id is None or contact_id in people:
        return found
    kept = [DealContact(contact_id=one.contact_id, role=one.role) for one in deal.contacts]
    return found | {"contacts": [*kept, DealContact(contact_id=contact_id)]}


def _of_account(lead: Lead) -> dict[str, Any]:
    return {
        "language": lead.language,
        "billing_address": lead.address,
        "email": lead.email,
        "phone": lead.phone_raw,
    }


def _of_contact(lead: Lead) -> dict[str, Any]:
    return {"title": lead.title, "email": lead.email, "phone": lead.phone_raw}


def _stricter(lead: Consent, contact: Consent) -> Consent:
    """What the contact says; the lead's where that is unknown, and the lead's refusals."""
    channels = {
        name: said
        if said == ConsentState.REFUSED or getattr(contact, name) == ConsentState.UNKNOWN
        else getattr(contact, name)
        for name, said in lead
    }
    return Consent.model_validate(channels)


def _fills(record: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: one
        for name, one in values.items()
        if not _is_empty(one) and _is_empty(getattr(record, name))
    }


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in values.items() if not _is_empty(one)}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Amounts as the command of another type takes them."""
    amount = values.get("amount")
    return dict(values) | ({"amount": amount.model_dump()} if amount else {})


def _is_empty(value: Any) -> bool:
    if isinstance(value, Phone):
        return not value.raw
    return value is None or value in ("", [], Address())
