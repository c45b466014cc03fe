"""Contacts: what is particular about writing them. Each locks its account first."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.storage.reading import Reading
from chassis.work.locking import lock_all, read_all
from chassis.work.unit_of_work import Work
from crm.accounts.events import ContactChanged
from crm.accounts.models import ARCHIVED, Contact
from crm.accounts.queries import reading
from crm.accounts.schemas import ChangeContact, ContactView
from crm.accounts.service.merging import contact_of_both
from crm.accounts.service.personal import PERSONAL_CONTACT, refuse_erased
from crm.accounts.service.values import with_phone
from crm.settings import settings_of
from records.entities import Values
from records.erasure.service import writable_values
from records.history import keep_change
from records.types import Change, Merging, RecordType, changed_fields
from records.upserts import require

__all__ = ["CONTACT", "contact_states"]


async def contact_states(at: Reading, contact_ids: Sequence[UUID]) -> list[ContactChanged]:
    """What is published of contacts, as they are now."""
    return [ContactChanged.of(one, []) for one in await read_all(at, Contact, contact_ids)]


async def _lock(work: Work, contact_ids: Collection[UUID]) -> Mapping[UUID, Contact]:
    """The contacts, locked after their accounts. Raises NotFound."""
    account_ids = await reading.account_ids_of_contacts(work.sql, contact_ids)
    missing = next((one for one in contact_ids if one not in account_ids), None)
    if missing:
        raise NotFound(entity="contact", id=missing)
    await reading.lock_accounts(work.sql, set(account_ids.values()))
    return await lock_all(work, Contact, contact_ids)


async def _lock_batch(work: Work, system: str, items: Sequence[Any]) -> None:
    """Lock the accounts of all contacts of a batch, present ones and those that it names."""
    await reading.lock_accounts_of_sent(
        work.sql,
        system,
        contacts=[one.external_id for one in items],
        accounts=[one.account_external_id for one in items if one.account_external_id],
        account_ids=[one.account_id for one in items if one.account_id],
    )


async def _look_up(
    work: Work, changes: Sequence[Change[Contact]], sender: str | None
) -> Sequence[Values]:
    """The values with the accounts found, the phones read, and one primary contact an account.

    Raises MissingReference (account), InvalidInput (a new one without name or account, a known one
    at another account), Forbidden (account).
    """
    named = await _accounts_named(work, changes, sender)
    for one, account_id in zip(changes, named, strict=True):
        _set_account(one, account_id)
    account_ids = {one.record.account_id for one in changes}
    countries = await reading.lock_accounts(work.sql, account_ids)
    _require_found(account_ids, countries)
    await _require_changeable(
        work,
        {one.record.account_id: _account_named(one, sender) for one in changes if one.is_new},
    )
    region = settings_of(work.setting).region
    values = [
        with_phone(_own_values(one), one.record, region=countries[one.record.account_id] or region)
        for one in changes
    ]
    values = [
        dict(writable_values(work, CONTACT, one, given, sender))
        for one, given in zip(changes, values, strict=True)
    ]
    await _choose_primary(work, changes, values)
    return values


async def _accounts_named(
    work: Work, changes: Sequence[Change[Contact]], sender: str | None
) -> list[UUID | None]:
    """The account that each change names; None where it names none. Raises MissingReference."""
    theirs = [_external_account(one.values, sender) for one in changes]
    wanted = {one for one in theirs if one is not None}
    found = await reading.accounts_by_external(work.sql, sender, wanted) if wanted else {}
    for one in theirs:
        if one is not None and one not in found:
            raise MissingReference(entity="account", reference=f"{sender} {one}")
    return [
        change.values.get("account_id") if external_id is None else found[external_id]
        for change, external_id in zip(changes, theirs, strict=True)
    ]


def _external_account(values: Values, sender: str | None) -> str | None:
    """The sender's id of the account, where it does not name it by ours."""
    theirs = values.get("account_external_id")
    return None if sender is None or values.get("account_id") or theirs is None else str(theirs)


def _set_account(change: Change[Contact], account_id: UUID | None) -> None:
    contact = change.record
    if change.is_new:
        given = require({**change.values, "account_id": account_id}, "account_id", "name")
        contact.account_id = given["account_id"]
    elif account_id not in {None, contact.account_id}:
        message = "A contact stays at its account. Archive it and add it at the other account."
        raise InvalidInput(errors=[FieldError("/account_id", "account_fixed", message)])


def _own_values(change: Change[Contact]) -> dict[str, Any]:
    """The values without those that name the account."""
    apart = {"account_id", "account_external_id"}
    return {name: value for name, value in change.values.items() if name not in apart}


def _require_found(account_ids: Collection[UUID], found: Collection[UUID]) -> None:
    for account_id in account_ids:
        if account_id not in found:
            raise MissingReference(entity="account", reference=account_id)


async def _require_changeable(work: Work, named: Mapping[UUID, object]) -> None:
    """Raises MissingReference for an account that the actor may not see, Forbidden.

    `named` is how each account was named: of a hidden one nothing else is told.
    """
    try:
        await reading.ACCOUNTS.require_changeable(work, named.keys())
    except NotFound as hidden:
        reference = named[hidden.facts["id"]]
        raise MissingReference(entity="account", reference=reference) from hidden


def _account_named(change: Change[Contact], sender: str | None) -> object:
    """The account as the change names it."""
    theirs = _external_account(change.values, sender)
    return change.record.account_id if theirs is None else f"{sender} {theirs}"


async def _choose_primary(
    work: Work, changes: Sequence[Change[Contact]], values: Sequence[dict[str, Any]]
) -> None:
    """Of the contacts that are to be primary the last one is; who was so far steps back."""
    chosen: dict[UUID, UUID] = {}
    for one, given in reversed(list(zip(changes, values, strict=True))):
        if not _is_to_be_primary(one.record, given):
            continue
        if chosen.setdefault(one.record.account_id, one.record.id) != one.record.id:
            given["primary"] = False
    if not chosen:
        return
    before = await reading.primary_contacts(work, chosen)
    replaced = [one for one in before if one.id != chosen[one.account_id]]
    for contact in replaced:
        was = contact.change({"primary": False}, work.now)
        keep_change(work, CONTACT.name, contact, was)
    if replaced:
        await work.flush()
        await work.record(*(ContactChanged.of(one, ["primary"]) for one in replaced))


def _is_to_be_primary(contact: Contact, values: Values) -> bool:
    """Whether the values make the contact the primary one, or say again that it is."""
    now = contact.primary, contact.status
    primary, status = values.get("primary", now[0]), values.get("status", now[1])
    asked = bool(values.get("primary")) or (primary, status) != now
    return bool(primary) and status != ARCHIVED and asked


async def _prepare(work: Work, change: Change[Contact], sender: str | None) -> Values:
    """The values, but for an erased person. Raises PersonIsErased."""
    return writable_values(work, CONTACT, change, change.values, sender)


async def _check(work: Work, changes: Sequence[Change[Contact]], sender: str | None) -> None:
    await refuse_erased(work, CONTACT, changes, sender)


async def _publish(work: Work, changes: Sequence[Change[Contact]]) -> None:
    await work.record(
        *(ContactChanged.of(one.record, changed_fields(ContactChanged, one)) for one in changes)
    )


CONTACT: RecordType[Contact, ContactView] = RecordType(
    name="contact",
    entity=Contact,
    reads=reading.CONTACTS,
    required=(),
    lock=_lock,
    lock_batch=_lock_batch,
    look_up=_look_up,
    prepare=_prepare,
    check=_check,
    personal=PERSONAL_CONTACT,
    last_has=frozenset({"uq_contact_primary"}),
    publish=_publish,
    merging=Merging(
        change=ChangeContact, rule=contact_of_both, put_away={"status": ARCHIVED, "primary": False}
    ),
)
"""How contacts are kept: each locks its account, of which at most one is the primary one."""
