"""Paths of accounts and contacts."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response, status

from chassis.actor import Actor
from chassis.http.batch import BatchReply
from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce, OnlyOnceUnlessDry
from chassis.http.etag import reply_with
from chassis.http.linking import AskedIds, LinksReply, LinksView, ProblemViews
from chassis.http.paging import PageAsked
from chassis.http.routing import house_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    InvalidCursor,
    MissingReference,
    NotFound,
    RevisionRequired,
    RowBusy,
    StaleRevision,
)
from chassis.storage.external import AlreadyLinked
from chassis.storage.paging import Page
from chassis.storage.reading import Reading
from crm.accounts import queries
from crm.accounts.models import Account, Contact
from crm.accounts.schemas import (
    AccountMatchReply,
    AccountQuery,
    AccountView,
    AddContact,
    ChangeAccount,
    ChangeContact,
    ContactQuery,
    ContactView,
    MatchAccounts,
    NewAccount,
    UpsertAccount,
    UpsertAccounts,
    UpsertContact,
    UpsertContacts,
)
from crm.accounts.service import accounts, contacts, matches
from crm.ownership import ManagedByErp
from records.batches import upsert_each
from records.links import ExternalRef, LinkExternal, LinkRecords
from records.senders import FromSystem, InBatch
from records.upserts import UPSERT_PROBLEMS, UPSERTED, reply_outcome
from values.external import ExternalId

__all__ = ["account_router", "contact_router"]

Seller = Annotated[Actor, Needs("accounts.write")]
Reader = Annotated[Actor, Needs("accounts.read")]

_PROBLEMS = (
    *UPSERT_PROBLEMS,
    NotFound,
    MissingReference,
    AlreadyLinked,
    StaleRevision,
    RevisionRequired,
    InvalidCursor,
    RowBusy,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    IdempotencyInFlight,
)

account_router = house_router(
    prefix="/v1/accounts",
    tag="accounts",
    problems=(*_PROBLEMS, CurrencyNotSupported, ManagedByErp),
)
contact_router = house_router(prefix="/v1/contacts", tag="contacts", problems=_PROBLEMS)


async def region_of(request: Request) -> str:
    """Whose phone numbers are written here without country code."""
    return str(request.app.state.settings.region)


Region = Annotated[str, Depends(region_of)]


async def _account(
    response: Response, at: Reading, account_id: UUID, *, new: bool = False
) -> AccountView:
    """The account as the reply shows it, with its ETag."""
    seen = await accounts.see_account(at.sql, account_id)
    reply_with(response, seen, location=f"/v1/accounts/{seen.id}" if new else None)
    return seen


async def _contact(
    response: Response, at: Reading, contact_id: UUID, *, new: bool = False
) -> ContactView:
    """The contact as the reply shows it, with its ETag."""
    seen = await contacts.see_contact(at.sql, contact_id)
    reply_with(response, seen, location=f"/v1/contacts/{seen.id}" if new else None)
    return seen


@account_router.get("")
async def account_list(
    wanted: Annotated[AccountQuery, Query()],
    _by: Reader,
    asked: PageAsked,
    region: Region,
    at: InReading,
) -> Page[AccountView]:
    """Accounts, the newest first; `sort` by created_at, updated_at or name."""
    return await queries.account_page(at.sql, wanted, asked, region=region)


@account_router.post("", status_code=status.HTTP_201_CREATED)
async def account_create(
    command: NewAccount, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> AccountView:
    """Take on an account."""
    account_id = await accounts.register_account(work, command)
    return await _account(response, work, account_id, new=True)


@account_router.post("/by-external/{system}/batch")
async def account_upsert_batch(
    asked: InBatch, command: UpsertAccounts, _by: Seller, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over accounts as another system knows them; each is judged alone."""
    sent, in_bulk = command.items, accounts.IN_BULK
    return await upsert_each(work, asked, Account, sent, accounts.upsert_account, in_bulk=in_bulk)


@account_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def account_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertAccount,
    _by: Seller,
    work: InWork,
    response: Response,
) -> AccountView:
    """Take over an account as another system knows it; only a newer version changes it."""
    done = await accounts.upsert_account(work, system, external_id, command)
    reply_outcome(response, done)
    return await _account(response, work, done.id, new=done.outcome == "created")


@account_router.get("/external-refs")
async def account_link_list(ids: AskedIds, _by: Reader, at: InReading) -> LinksView:
    """Which records of other systems the accounts are."""
    return await accounts.links_of_accounts(at, ids)


@account_router.post("/external-refs/batch")
async def account_link_batch(
    command: LinkRecords, view_of: ProblemViews, _by: Seller, _once: OnlyOnce, work: InWork
) -> LinksReply:
    """Say of many accounts which record of another system each is; each is judged alone."""
    return await accounts.link_accounts(work, command, view_of=view_of)


@account_router.post("/matches")
async def account_match(command: MatchAccounts, _by: Reader, at: InReading) -> AccountMatchReply:
    """Look for accounts that are, or may be, the same firms. Nothing changes."""
    return await matches.match_accounts(at.sql, command)


@account_router.get("/{account_id}")
async def account_get(
    account_id: UUID, _by: Reader, at: InReading, response: Response
) -> AccountView:
    """The account."""
    return await _account(response, at, account_id)


@account_router.patch("/{account_id}")
async def account_update(
    account_id: UUID,
    command: ChangeAccount,
    _by: Seller,
    revision: IfMatch,
    work: InWork,
    response: Response,
) -> AccountView:
    """Change the fields given; the others stay."""
    await accounts.change_account(work, account_id, command, revision=revision)
    return await _account(response, work, account_id)


@account_router.post("/{account_id}/archive")
async def account_archive(
    account_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> AccountView:
    """Take the account out of the way; its history stays."""
    await accounts.archive_account(work, account_id)
    return await _account(response, work, account_id)


@account_router.post("/{account_id}/restore")
async def account_restore(
    account_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> AccountView:
    """Work with the account again."""
    await accounts.restore_account(work, account_id)
    return await _account(response, work, account_id)


@account_router.post("/{account_id}/external-refs")
async def account_link(
    account_id: UUID,
    command: LinkExternal,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> AccountView:
    """Say which record of another system the account is."""
    await accounts.link_account(work, account_id, command)
    return await _account(response, work, account_id)


@account_router.delete("/{account_id}/external-refs/{system}/{external_id}")
async def account_unlink(
    account_id: UUID,
    system: FromSystem,
    external_id: ExternalId,
    _by: Seller,
    work: InWork,
    response: Response,
) -> AccountView:
    """Forget that the account is that record of another system, which leads in nothing then."""
    gone = ExternalRef(system=system, external_id=external_id)
    await accounts.unlink_account(work, account_id, gone)
    return await _account(response, work, account_id)


@contact_router.get("")
async def contact_list(
    wanted: Annotated[ContactQuery, Query()],
    _by: Reader,
    asked: PageAsked,
    region: Region,
    at: InReading,
) -> Page[ContactView]:
    """Contacts, the newest first; `sort` by created_at, updated_at or name."""
    return await queries.contact_page(at.sql, wanted, asked, region=region)


@contact_router.post("", status_code=status.HTTP_201_CREATED)
async def contact_create(
    command: AddContact, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> ContactView:
    """Note a person at an account."""
    return await _contact(response, work, await contacts.add_contact(work, command), new=True)


@contact_router.post("/by-external/{system}/batch")
async def contact_upsert_batch(
    asked: InBatch, command: UpsertContacts, _by: Seller, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over contacts as another system knows them; each is judged alone."""
    return await upsert_each(work, asked, Contact, command.items, contacts.upsert_contact)


@contact_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def contact_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertContact,
    _by: Seller,
    work: InWork,
    response: Response,
) -> ContactView:
    """Take over a contact as another system knows it; only a newer version changes it."""
    done = await contacts.upsert_contact(work, system, external_id, command)
    reply_outcome(response, done)
    return await _contact(response, work, done.id, new=done.outcome == "created")


@contact_router.get("/{contact_id}")
async def contact_get(
    contact_id: UUID, _by: Reader, at: InReading, response: Response
) -> ContactView:
    """The contact."""
    return await _contact(response, at, contact_id)


@contact_router.patch("/{contact_id}")
async def contact_update(
    contact_id: UUID,
    command: ChangeContact,
    _by: Seller,
    revision: IfMatch,
    work: InWork,
    response: Response,
) -> ContactView:
    """Change the fields given; the others stay."""
    await contacts.change_contact(work, contact_id, command, revision=revision)
    return await _contact(response, work, contact_id)


@contact_router.post("/{contact_id}/archive")
async def contact_archive(
    contact_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> ContactView:
    """Take the contact out of the way; its history stays."""
    await contacts.archive_contact(work, contact_id)
    return await _contact(response, work, contact_id)


@contact_router.post("/{contact_id}/restore")
async def contact_restore(
    contact_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> ContactView:
    """Turn to the person again."""
    await contacts.restore_contact(work, contact_id)
    return await _contact(response, work, contact_id)


@contact_router.post("/{contact_id}/external-refs")
async def contact_link(
    contact_id: UUID,
    command: LinkExternal,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ContactView:
    """Say which record of another system the contact is."""
    await contacts.link_contact(work, contact_id, command)
    return await _contact(response, work, contact_id)
