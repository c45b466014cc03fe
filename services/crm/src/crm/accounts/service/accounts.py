"""Acts on accounts."""

from functools import partial
from uuid import UUID

from chassis.http.problems import Forbidden, NotFound
from chassis.ids import uuid7
from chassis.storage.work import Work
from crm.accounts import queries
from crm.accounts.errors import AccountArchived
from crm.accounts.events import AccountChanged
from crm.accounts.models import ACTIVE, ARCHIVED, Account
from crm.accounts.rules.ownership import led_by_erp
from crm.accounts.schemas import AccountView, Buyer, ChangeAccount, NewAccount, UpsertAccount
from crm.accounts.service.facts import read
from crm.currencies import must_be_supported
from crm.fields import Facts
from crm.links import ERP, LinkExternal, ManagedByErp, is_linked, link
from crm.settings import settings_of
from crm.staff.service.members import must_be_active
from crm.upserts import Sent, Upserted, required, upsert

__all__ = [
    "archive_account",
    "buyer",
    "change_account",
    "link_account",
    "lock_account",
    "publish",
    "register_account",
    "restore_account",
    "see_account",
    "upsert_account",
]

KIND = "account"
SYNC = "accounts.sync"


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


async def lock_account(work: Work, account_id: UUID) -> Account:
    """The account, nobody else's to change until the act ends. Raises NotFound."""
    account = await queries.for_update(work, Account, account_id)
    if account is None:
        raise NotFound(entity=KIND, id=account_id)
    return account


async def register_account(work: Work, command: NewAccount) -> UUID:
    """Take on an account. Raises MissingReference, InvalidInput, CurrencyNotSupported."""
    return await _register(work, command.facts(), uuid7())


async def change_account(
    work: Work, account_id: UUID, command: ChangeAccount, *, revision: int
) -> None:
    """Change what the caller saw as `revision`.

    Raises NotFound, StaleRevision, MissingReference and InvalidInput (owner),
    CurrencyNotSupported, ManagedByErp.
    """
    account = await lock_account(work, account_id)
    account.check_revision(revision)
    await _change(work, account, command.facts())


async def archive_account(work: Work, account_id: UUID) -> None:
    """Take the account out of the way; its history stays. Raises NotFound."""
    await _change(work, await lock_account(work, account_id), {"status": ARCHIVED})


async def restore_account(work: Work, account_id: UUID) -> None:
    """Work with the account again. Raises NotFound."""
    await _change(work, await lock_account(work, account_id), {"status": ACTIVE})


async def link_account(work: Work, account_id: UUID, command: LinkExternal) -> None:
    """Say which record of another system the account is. Raises NotFound, AlreadyLinked.

    A change at hand ends first: from then on a linked ERP leads.
    """
    await link(work, KIND, account_id, command)
    await lock_account(work, account_id)


async def upsert_account(
    work: Work, system: str, external_id: str, command: UpsertAccount
) -> Upserted:
    """Take over an account as another system knows it. Who has ERP terms is a customer.

    Raises InvalidInput (a new one without a name), MissingReference, CurrencyNotSupported,
    Forbidden (terms from elsewhere), ManagedByErp.
    """
    leads = system == ERP or work.actor.may(SYNC)
    facts = command.facts()
    if "erp" in facts:
        if not leads:
            raise Forbidden(scope=SYNC)
        facts = {"stage": "customer"} | facts
    return await upsert(
        work,
        Sent(KIND, system, external_id, command.source_version),
        create=partial(_register_sent, work, facts),
        change=partial(_change_sent, work, facts, leads=leads),
    )


async def _register_sent(work: Work, facts: Facts, account_id: UUID) -> None:
    await _register(work, required(facts, "name"), account_id)


async def _change_sent(work: Work, facts: Facts, account_id: UUID, *, leads: bool) -> bool:
    return await _change(work, await lock_account(work, account_id), facts, leads=leads)


async def _register(work: Work, facts: Facts, account_id: UUID) -> UUID:
    account = Account(
        id=account_id,
        currency=work.setting.currency,
        created_at=work.now,
        updated_at=work.now,
    )
    await _check(work, facts)
    account.take(read(facts, region=settings_of(work.setting).region))
    work.session.add(account)
    await work.flush()
    await work.record(AccountChanged.of(account, (), AccountChanged.every_field()))
    return account.id


async def _change(work: Work, account: Account, facts: Facts, *, leads: bool = False) -> bool:
    """Whether anything changed; then it is one version and one event more."""
    await _check(work, facts, present=account)
    region = settings_of(work.setting).region
    changed = account.take(read(facts, present=account, region=region))
    if not changed:
        return False
    led = led_by_erp(changed)
    if led and not leads and await is_linked(work, KIND, account.id, system=ERP):
        raise ManagedByErp(fields=", ".join(led), entity=KIND)
    await publish(work, account, changed)
    return True


async def publish(work: Work, account: Account, changed: list[str]) -> None:
    """Make what changed of the locked account one version and one event."""
    account.touch(work.now)
    await work.flush()
    contacts = await queries.active_contacts(work, account.id)
    await work.record(AccountChanged.of(account, contacts, changed))


async def _check(work: Work, facts: Facts, *, present: Account | None = None) -> None:
    """Raises what is wrong with the facts, where they differ from the present ones."""
    terms = facts.get("erp")
    limit = terms.credit_limit if terms else None
    for currency in filter(None, (facts.get("currency"), limit and limit.currency)):
        must_be_supported(work, currency)
    owner_id = facts.get("owner_id")
    if owner_id and not (present and present.owner_id == owner_id):
        await must_be_active(work, owner_id, pointer="/owner_id")
