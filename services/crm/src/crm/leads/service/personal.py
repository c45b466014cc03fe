"""What of leads tells of a person, and what by it is recognised."""

from chassis.work.unit_of_work import Work
from crm.accounts.service.personal import past_identifiers
from crm.leads.models import Lead
from records.erasure.outbox import ERASED
from records.erasure.suppression import Identifier, identifiers
from records.redirects import losers_of
from records.types import Personal
from values.address import Address
from values.phone import Phone

__all__ = ["LEAD_IN_EVENTS", "PERSONAL_LEAD", "identifiers_of", "known_identifiers"]

LEAD_IN_EVENTS = frozenset(
    {"name", "company", "title", "email", "phone", "address", "note", "custom"}
)
"""The fields by which events of leads tell of the person."""

PERSONAL_LEAD = Personal(
    columns=frozenset(
        {"name", "sort_key", "company", "title", "email", "email_key", "phone_raw", "phone_e164"}
        | {"phone_digits", "match_email", "match_phone", "match_name", "address", "note", "custom"}
        | {"blocks"}
    ),
    impersonal=frozenset(
        {"status", "reason", "language", "source", "campaign", "consent_email", "consent_phone"}
        | {"score_parts"}
    ),
    erased={
        "name": ERASED,
        "company": "",
        "title": "",
        "email": "",
        "phone": Phone("", "", ""),
        "address": Address(),
        "note": "",
    },
    history=frozenset(
        {"name", "company", "title", "email", "phone", "phone_raw", "address", "note"}
    ),
)


def identifiers_of(lead: Lead) -> set[Identifier]:
    """What the person is recognised by."""
    return identifiers(email=lead.email or "", phone=lead.phone.e164 or lead.phone.digits)


async def known_identifiers(work: Work, lead: Lead) -> set[Identifier]:
    """What the person is, or was, recognised by."""
    return identifiers_of(lead) | await past_identifiers(
        work, "lead", await losers_of(work, "lead", [lead.id])
    )
