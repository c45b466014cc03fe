"""Acts on accounts."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.http.linking import LinksReply, LinksView, ViewOf, link_each, links_of
from chassis.identity.systems import SystemReserved
from chassis.ids import uuid7
from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import lock, lock_all, read_all
from chassis.work.unit_of_work import Work
from crm.accounts import queries
from crm.accounts.errors import AccountArchived
from crm.accounts.events import AccountChanged
from crm.accounts.models import ACTIVE, ARCHIVED, Account
from crm.accounts.rules.ownership import LED_BY_ERP, NEVER_EDITED, led_by_erp
from crm.accounts.schemas import (
    AccountView,
    Buyer,
    ChangeAccount,
    NewAccount,
    UpsertAccount,
)
from crm.accounts.service.facts import read
from crm.fields import Facts
from crm.ownership import ERP, ManagedByErp
from crm.settings import settings_of
from crm.staff.service.members import require_active_user
from crm.terms import ErpTerms, ErpTermsChange
from records.batches import InBulk, upsert_one
from records.links import (
    ExternalRef,
    LinkExternal,
    LinkRecords,
    link,
    linked,
    require_sender,
    unlink,
)
from records.upserts import Sent, Upserted, require

__all__ = [
    "IN_BULK",
    "account_states",
    "archive_account",
    "become_customer",
    "buyer",
    "change_account",
    "link_account",
    "link_accounts",
    "links_of_accounts",
    "lock_account",
    "lock_buyers",
    "publish",
    "register_account",
    "restore_account",
    "see_account",
    "unlink_account",
    "upsert_account",
    "wait_for_orders",
]

KIND = "account"


async def see_account(sql: queries.Sql, account_id: UUID) -> AccountView:
    """The account as callers see it. Raises NotFound."""
    seen = await queries.account_view(sql, account_id)
    if seen is None:
        raise NotFound(entity=KIND, id=account_id)
    return seen


async def buyer(sql: queries.Sql, account_id: UUID, *, new_business: bool = False) -> Buyer:
    """What an order needs to know of its account.

    Raises NotFound, AccountArchived (for new business).
    """
    found = await queries.buyer(sql, account_id)
    if found is None:
        raise NotFound(entity=KIND, id=account_id)
    if new_business and found.archived:
        raise AccountArchived(account=account_id)
    return found


async def become_customer(work: Work, account_id: UUID) -> None:
    """Make a customer of a prospect: it has ordered."""
    await _change_all(work, [(await lock_account(work, account_id), {"stage": "customer"})])


async def lock_buyers(work: Work, account_ids: Collection[UUID]) -> None:
    """Lock accounts that are about to order, in key order: its prospects become customers."""
    prospects = await queries.lock_buyers(work.sql, account_ids)
    if prospects:
        await lock_all(work, Account, prospects)


async def wait_for_orders(work: Work, account_id: UUID) -> None:
    """Let no order of the account be placed until the act ends; those under way are done."""
    await queries.lock_for_update(work.sql, account_id)


async def lock_account(work: Work, account_id: UUID) -> Account:
    """The account, nobody else's to change until the act ends. Raises NotFound."""
    return await lock(work, Account, account_id)


async def register_account(work: Work, command: NewAccount) -> UUID:
    """Take on an account. Raises MissingReference, InvalidInput, CurrencyNotSupported."""
    account_id = uuid7()
    await _register_all(work, [(account_id, command.facts())])
    return account_id


async def change_account(
    work: Work, account_id: UUID, command: ChangeAccount, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, MissingReference and InvalidInput (owner),
    CurrencyNotSupported, ManagedByErp.
    """
    account = await lock_account(work, account_id)
    account.check_revision(revision)
    await _change_all(work, [(account, command.facts())])


async def archive_account(work: Work, account_id: UUID) -> None:
    """Take the account out of the way; its history stays. Raises NotFound."""
    await _put(work, account_id, ARCHIVED)


async def restore_account(work: Work, account_id: UUID) -> None:
    """Work with the account again. Raises NotFound, ManagedByErp (it is archived there)."""
    account = await lock_account(work, account_id)
    if account.erp_archived:
        raise ManagedByErp(fields="status", entity=KIND)
    await _change_all(work, [(account, {"status": ACTIVE})])


async def link_account(work: Work, account_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system the account is. Raises NotFound, AlreadyLinked.

    A change at hand ends first: from then on a linked ERP leads.
    """
    await link(work, KIND, account_id, command)
    await lock_account(work, account_id)


async def unlink_account(work: Work, account_id: UUID, gone: ExternalRef) -> None:
    """Forget which record of another system the account is. Raises NotFound.

    All that the other system led in is ours to change again.
    """
    await unlink(work, KIND, account_id, gone)
    await lock_account(work, account_id)


async def link_accounts(work: Work, command: LinkRecords, *, view_of: ViewOf) -> LinksReply:
    """Say of many accounts which record of another system each is; each is judged alone.

    Raises SystemReserved.
    """
    require_sender(work, command.system)
    return await link_each(work, Account, command.system, command.items, view_of=view_of)


async def links_of_accounts(at: Reading, ids: Sequence[UUID]) -> LinksView:
    """Which records of other systems the accounts are."""
    return await links_of(at, KIND, ids)


async def upsert_account(
    work: Work, system: str, external_id: str, command: UpsertAccount
) -> Upserted:
    """Take over an account as another system knows it. Who has ERP terms is a customer.

    Raises InvalidInput (a new one without a name), MissingReference, CurrencyNotSupported,
    SystemReserved (terms from elsewhere), ManagedByErp.
    """
    sent = Sent(KIND, system, external_id, command)
    return await upsert_one(work, sent, command, by=IN_BULK)


async def _register_sent(
    work: Work, system: str, sent: Sequence[tuple[UUID, UpsertAccount]]
) -> None:
    leads = system == ERP
    await _register_all(
        work, [(one, require(_taken(command, leads=leads), "name")) for one, command in sent]
    )


async def _change_sent(
    work: Work, system: str, sent: Sequence[tuple[UUID, UpsertAccount]]
) -> list[bool]:
    leads = system == ERP
    held = await lock_all(work, Account, [account_id for account_id, _ in sent])
    told = [(held[account_id], _taken(command, leads=leads)) for account_id, command in sent]
    copied = LED_BY_ERP if system == ERP else NEVER_EDITED
    return await _change_all(work, told, leads=leads, copied=copied)


IN_BULK = InBulk[Any](create=_register_sent, change=_change_sent)
"""How accounts of another system are taken over, one or many."""


def _taken(command: UpsertAccount, *, leads: bool) -> Facts:
    facts = command.facts()
    if "erp" not in facts:
        return facts
    if not leads:
        raise SystemReserved(system=ERP)
    return {"stage": "customer"} | facts


async def _register_all(work: Work, new: Sequence[tuple[UUID, Facts]]) -> None:
    """Take on accounts under the ids given, all or none of them."""
    region, accounts = settings_of(work.setting).region, []
    for account_id, given in new:
        account = Account(
            id=account_id,
            currency=work.setting.currency,
            created_at=work.now,
            updated_at=work.now,
        )
        facts = _as_archived(_with_terms(given, None), False)  # noqa: FBT003 - no ERP said so far
        await _check(work, facts)
        account.apply(read(facts, region=region))
        accounts.append(account)
    work.session.add_all(accounts)
    await work.flush()
    every_field = AccountChanged.every_field()
    await work.record(*(AccountChanged.of(account, (), every_field) for account in accounts))


def _with_terms(facts: Facts, present: ErpTerms | None) -> Facts:
    """The facts, with changed terms of the ERP laid onto the present ones. Raises InvalidInput."""
    terms = facts.get("erp")
    return facts | {"erp": terms.onto(present)} if isinstance(terms, ErpTermsChange) else facts


def _as_archived(facts: Facts, archived: bool) -> Facts:  # noqa: FBT001 - the present value
    """The facts; when the ERP archives or restores the customer, the account follows."""
    terms = facts.get("erp")
    if terms is None or terms.archived == archived:
        return facts
    return {"status": ARCHIVED if terms.archived else ACTIVE} | facts


async def _put(work: Work, account_id: UUID, status: str) -> None:
    await _change_all(work, [(await lock_account(work, account_id), {"status": status})])


async def _change_all(
    work: Work,
    told: Sequence[tuple[Account, Facts]],
    *,
    leads: bool = False,
    copied: frozenset[str] = NEVER_EDITED,
) -> list[bool]:
    """Whether each of the locked accounts changed; then it is one version and one event more.

    Fields in `copied` leave the ETag as it is: nobody here may edit them.
    """
    region, changed = settings_of(work.setting).region, {}
    for account, given in told:
        facts = _as_archived(_with_terms(given, account.erp), account.erp_archived)
        await _check(work, facts, present=account)
        fields = list(account.apply(read(facts, present=account, region=region)))
        if fields:
            changed[account] = fields
    if not leads:
        await _must_be_led_here(work, changed)
    await _publish_all(work, changed, copied=copied)
    return [account in changed for account, _ in told]


async def _must_be_led_here(work: Work, changed: Mapping[Account, Sequence[str]]) -> None:
    """Raise ManagedByErp where a field changed that the linked ERP leads in."""
    led = {account.id: told for account, fields in changed.items() if (told := led_by_erp(fields))}
    for account_id in await linked(work, KIND, led.keys(), system=ERP):
        raise ManagedByErp(fields=", ".join(led[account_id]), entity=KIND)


async def publish(work: Work, account: Account, changed: list[str]) -> None:
    """Make what changed of the locked account one version and one event."""
    await _publish_all(work, {account: changed})


async def _publish_all(
    work: Work, changed: Mapping[Account, list[str]], *, copied: frozenset[str] = NEVER_EDITED
) -> None:
    if not changed:
        return
    for account, fields in changed.items():
        account.touch(work.now, edited=not copied.issuperset(fields))
    await work.flush()
    contacts = await queries.active_contacts(work, [account.id for account in changed])
    for account, fields in changed.items():
        await work.record(AccountChanged.of(account, contacts[account.id], fields))


async def account_states(work: Work, account_ids: Sequence[UUID]) -> list[AccountChanged]:
    """What is published of accounts, as they are now."""
    contacts = await queries.active_contacts(work, account_ids)
    accounts = await read_all(work, Account, account_ids)
    return [AccountChanged.of(account, contacts[account.id], []) for account in accounts]


async def _check(work: Work, facts: Facts, *, present: Account | None = None) -> None:
    """Raises what is wrong with the facts, where they differ from the present ones."""
    terms = facts.get("erp")
    limit = terms.credit_limit if terms else None
    for currency in filter(None, (facts.get("currency"), limit and limit.currency)):
        require_supported_currency(work, currency)
    owner_id = facts.get("owner_id")
    if owner_id and not (present and present.owner_id == owner_id):
        await require_active_user(work, owner_id, pointer="/owner_id")
