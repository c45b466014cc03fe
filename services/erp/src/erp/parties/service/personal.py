"""What of customers and suppliers tells of a person, and their erasure."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from chassis.work.unit_of_work import Work
from erp.parties.models import ARCHIVED, Party
from erp.parties.states import PartyKind
from records.erasure.outbox import ERASED
from records.erasure.persons import ErasedPerson, erase_persons, record_erasure
from records.erasure.service import personal_of, refuse_suppressed
from records.erasure.suppression import Identifier, identifiers, links_of, past_values, suppress
from records.types import Change, Personal, RecordType
from values.address import Address
from values.matching import match_keys

__all__ = [
    "PERSONAL_CUSTOMER",
    "PERSONAL_SUPPLIER",
    "erase_party",
    "refuse_erased",
]

_TEXTS = ("legal_name", "tax_id", "email", "phone", "website")
_COLUMNS = frozenset({"name", "sort_key", "search", "custom", *_TEXTS})
_IMPERSONAL = frozenset({"number", "kind", "language", "currency", "status"})
_EMPTY = dict.fromkeys(_TEXTS, "") | {
    "name": ERASED,
    "kind": PartyKind.PERSON,
    "status": ARCHIVED,
}


def _personal(*addresses: str, compared_by: Collection[str] = ()) -> Personal:
    return Personal(
        columns=_COLUMNS | {*addresses, *compared_by},
        impersonal=_IMPERSONAL,
        erased=_EMPTY | dict.fromkeys(addresses, Address()),
        history=frozenset({"name", *_TEXTS, *addresses}),
    )


_COMPARED_BY = ("tax_id", "email", "phone", "name", "legal_name", "places")
PERSONAL_SUPPLIER = _personal("address")
_CUSTOMER = _personal("bill_to", "ship_to", compared_by=[f"match_{one}" for one in _COMPARED_BY])
PERSONAL_CUSTOMER = Personal(
    columns=_CUSTOMER.columns,
    impersonal=_IMPERSONAL | {"price_list"},
    erased=_CUSTOMER.erased,
    history=_CUSTOMER.history,
)


def _identifiers(*, email: str = "", phone: str = "", tax_id: str = "") -> set[Identifier]:
    keys = match_keys(tax_id=tax_id, phone=phone)
    return identifiers(email=email, phone=keys.phone, tax_id=keys.tax_id)


async def refuse_erased(
    work: Work, kind: RecordType[Any, Any], changes: Sequence[Change[Any]], sender: str | None
) -> None:
    """Raise PersonSuppressed where an import brings a person back who was erased.

    Files seldom say whether a party is a person, so firms are looked at too.
    """
    found: dict[UUID, set[Identifier]] = {}
    for one in changes:
        party = one.record
        if party.anybody_erased and one.touches("email", "phone", "tax_id"):
            links = [(one.link.system, one.link.external_id)] if one.link else []
            found[party.id] = identifiers(links=links) | _identifiers(
                email=party.email or "", phone=party.phone or "", tax_id=party.tax_id or ""
            )
    await refuse_suppressed(work, kind, found, sender)


async def erase_party(
    work: Work, kind: RecordType[Any, Any], party: Party, *, kept_links: Sequence[str] = ()
) -> ErasedPerson:
    """Empty the locked record of a person, and all that is kept beside it."""
    personal = personal_of(kind)
    name, is_known = party.name, party.erased_at is not None
    found = _identifiers(email=party.email, phone=party.phone, tax_id=party.tax_id)
    for field, value in await past_values(
        work, kind.name, [party.id], ("email", "phone", "tax_id")
    ):
        found |= _identifiers(**{field: value})
    found |= identifiers(links=await links_of(work, kind.name, [party.id]))
    suppressed = await suppress(work, found)
    counts = await erase_persons(
        work,
        kind,
        [party],
        in_events=personal.history | {"custom"},
        changed=["kind"],
        kept_links=kept_links,
    )
    if not is_known:
        await record_erasure(work, [(kind.name, party.id)])
    return ErasedPerson([name], counts, suppressed)
