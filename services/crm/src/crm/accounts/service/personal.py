"""What of contacts and private accounts tells of a person."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from chassis.work.unit_of_work import Work
from crm.accounts.models import ARCHIVED, Account, Contact
from crm.accounts.states import AccountKind
from records.erasure.outbox import ERASED
from records.erasure.service import refuse_suppressed
from records.erasure.suppression import Identifier, identifiers, past_values
from records.types import Change, Personal, RecordType
from values.address import Address
from values.phone import Phone

__all__ = [
    "ACCOUNT_IN_EVENTS",
    "CONTACT_IN_EVENTS",
    "PERSONAL_ACCOUNT",
    "PERSONAL_CONTACT",
    "identifiers_of",
    "past_identifiers",
    "refuse_erased",
]

_REACHED_BY = frozenset(
    {"name", "sort_key", "email", "email_key", "phone_raw", "phone_e164", "phone_digits"}
    | {"match_email", "match_phone", "search", "custom"}
)
_HISTORY = frozenset({"name", "email", "phone", "phone_raw"})
_EMPTY = {"name": ERASED, "email": "", "phone": Phone("", "", ""), "status": ARCHIVED}

PERSONAL_CONTACT = Personal(
    columns=_REACHED_BY | {"title"},
    impersonal=frozenset({"status", "consent_email", "consent_phone"}),
    erased=_EMPTY | {"title": "", "primary": False},
    history=_HISTORY | {"title"},
)
PERSONAL_ACCOUNT = Personal(
    columns=_REACHED_BY
    | {"tax_id", "website", "billing_address", "shipping_address"}
    | {"match_tax_id", "match_name", "match_places"},
    impersonal=frozenset(
        {"status", "kind", "stage", "industry", "segment", "language", "currency", "price_list"}
        | {"erp_customer_number"}
    ),
    erased=_EMPTY
    | {"kind": AccountKind.PERSON}
    | {"tax_id": "", "website": "", "billing_address": Address(), "shipping_address": Address()},
    history=_HISTORY | {"tax_id", "website", "billing_address", "shipping_address"},
)
CONTACT_IN_EVENTS = frozenset({"name", "title", "email", "phone", "custom"})
ACCOUNT_IN_EVENTS = CONTACT_IN_EVENTS - {"title"} | {
    *("tax_id", "website", "billing_address", "shipping_address")
}


def identifiers_of(one: Account | Contact) -> set[Identifier]:
    """What the person is recognised by."""
    tax_id = one.tax_id if isinstance(one, Account) else ""
    phone = one.phone.e164 or one.phone.digits
    return identifiers(email=one.email or "", phone=phone, tax_id=tax_id or "")


async def past_identifiers(work: Work, record_type: str, ids: Collection[UUID]) -> set[Identifier]:
    """What the persons were recognised by at some time."""
    past = await past_values(work, record_type, ids, ("email", "phone", "tax_id"))
    found: set[Identifier] = set()
    for field, value in past:
        given = dict.fromkeys(("email", "phone", "tax_id"), "") | {field: value}
        found |= identifiers(email=given["email"], phone=given["phone"], tax_id=given["tax_id"])
    return found


async def refuse_erased(
    work: Work, kind: RecordType[Any, Any], changes: Sequence[Change[Any]], sender: str | None
) -> None:
    """Raise PersonSuppressed where an import brings a person back who was erased."""
    found: dict[UUID, set[Identifier]] = {}
    for one in changes:
        is_person = isinstance(one.record, Contact) or one.record.kind == AccountKind.PERSON
        if is_person and one.touches("email", "phone", "tax_id"):
            links = [(one.link.system, one.link.external_id)] if one.link else []
            found[one.record.id] = identifiers_of(one.record) | identifiers(links=links)
    await refuse_suppressed(work, kind, found, sender)
