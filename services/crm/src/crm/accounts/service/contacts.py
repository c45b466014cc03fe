"""Contacts: what is particular about writing them. Each locks its account first."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm.attributes import set_committed_value

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.storage import external
from chassis.work.locking import lock, lock_all
from chassis.work.unit_of_work import Work
from crm.accounts import queries
from crm.accounts.models import ARCHIVED, Account, Contact
from crm.accounts.schemas import ContactView
from crm.accounts.service.accounts import count_contact_changes
from crm.accounts.service.values import with_phone
from crm.settings import settings_of
from records.entities import Values
from records.history import keep_change
from records.types import Change, RecordType
from records.upserts import require

__all__ = ["CONTACT"]


async def _locked(work: Work, contact_ids: Collection[UUID]) -> Mapping[UUID, Contact]:
    """The contacts, and their accounts before them. Raises NotFound."""
    account_ids = await queries.account_ids_of_contacts(work.sql, contact_ids)
    missing = next((one for one in contact_ids if one not in account_ids), None)
    if missing:
        raise NotFound(entity="contact", id=missing)
    accounts = await lock_all(work, Account, set(account_ids.values()))
    contacts = await lock_all(work, Contact, contact_ids)
    for contact in contacts.values():
        set_committed_value(contact, "account", accounts[contact.account_id])
    return contacts


async def _prepare(work: Work, change: Change[Contact], sender: str | None) -> Values:
    """The values with the account looked up, and with the phone read as its account writes it.

    Raises MissingReference (account), InvalidInput (a new one without name or account, a known one
    at another account).
    """
    contact, values = change.record, dict(change.values)
    given = values.get("account_id")
    named = given or f"{sender} {values.get('account_external_id')}"
    values["account_id"] = account_id = await _account_id(work, values, sender)
    if change.is_new:
        require(values, "account_id", "name")
        contact.account = await _account(work, values["account_id"], named=named)
        contact.account_id = contact.account.id
    elif account_id not in {None, contact.account_id}:
        message = "A contact stays at its account. Archive it and add it at the other account."
        raise InvalidInput(errors=[FieldError("/account_id", "account_fixed", message)])
    await _make_room(work, contact, values)
    region = contact.account.billing_address.country or settings_of(work.setting).region
    return with_phone(values | {"account_id": contact.account_id}, contact, region=region)


async def _account_id(work: Work, values: dict[str, object], sender: str | None) -> object:
    """The account that the sender means; None when it says nothing. Raises MissingReference."""
    theirs = values.pop("account_external_id", None)
    given = values.get("account_id")
    if given or theirs is None or sender is None:
        return given
    known = await external.resolve(work.sql, "account", sender, str(theirs))
    if known is None:
        raise MissingReference(entity="account", reference=f"{sender} {theirs}")
    return known.entity_id


async def _account(work: Work, account_id: UUID, *, named: object) -> Account:
    """The account, locked until the act ends. Raises MissingReference, Forbidden.

    `named` is how the caller named it: of a hidden one nothing else is told.
    """
    try:
        account = await lock(work, Account, account_id)
        await queries.ACCOUNTS.require_changeable(work, [account_id])
    except NotFound as unknown:
        raise MissingReference(entity="account", reference=named) from unknown
    return account


async def _make_room(work: Work, contact: Contact, values: Values) -> None:
    """When the contact is to be the primary one, the one that was so far steps back."""
    to_be = values.get("primary", contact.primary), values.get("status", contact.status)
    if not to_be[0] or to_be[1] == ARCHIVED or to_be == (contact.primary, contact.status):
        return
    so_far = await queries.primary_contact(work, contact.account_id)
    if so_far and so_far.id != contact.id:
        before = so_far.change({"primary": False}, work.now)
        keep_change(work, CONTACT.name, so_far, before)
        await work.flush()


async def _publish(work: Work, changes: Sequence[Change[Contact]]) -> None:
    accounts = {one.record.account_id: one.record.account for one in changes}
    await count_contact_changes(work, list(accounts.values()))


CONTACT: RecordType[Contact, ContactView] = RecordType(
    name="contact",
    entity=Contact,
    reads=queries.CONTACTS,
    required=(),
    lock=_locked,
    prepare=_prepare,
    publish=_publish,
    in_bulk=False,
)
"""How contacts are kept: as parts of their accounts, which publish them."""
