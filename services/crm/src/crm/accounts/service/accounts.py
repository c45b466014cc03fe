"""Accounts: what is particular about writing them, and what orders need of them."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import lock, lock_all, read_all
from chassis.work.unit_of_work import Work
from crm import open_work, reach
from crm.accounts.errors import AccountArchived
from crm.accounts.events import AccountChanged
from crm.accounts.models import ACTIVE, ARCHIVED, Account
from crm.accounts.queries import reading
from crm.accounts.rules.ownership import LED_BY_ERP, NEVER_EDITED
from crm.accounts.schemas import AccountView, Buyer, ChangeAccount
from crm.accounts.service.personal import PERSONAL_ACCOUNT, refuse_erased
from crm.accounts.service.values import with_phone
from crm.accounts.states import Stage
from crm.ownership import ERP, ManagedByErp
from crm.settings import settings_of
from crm.staff.service.members import require_active_user
from crm.terms import ErpTermsChange
from identity.systems import SystemReserved
from records.entities import Values
from records.erasure.service import writable_values
from records.types import Change, Json, Leader, Merging, RecordType, StepsBack, changed_fields
from records.writes import write

__all__ = [
    "ACCOUNT",
    "account_states",
    "become_customer",
    "buyer",
    "lock_buyers",
    "wait_for_orders",
]


async def buyer(work: Work, account_id: UUID, *, new_business: bool = False) -> Buyer:
    """What an order needs to know of its account.

    Raises NotFound, Forbidden (it is not the actor's to change), AccountArchived (for new
    business).
    """
    await reading.ACCOUNTS.require_changeable(work, [account_id])
    found = await reading.buyer(work.sql, account_id)
    if found is None:
        raise NotFound(entity="account", id=account_id)
    if new_business and found.archived:
        raise AccountArchived(account=account_id)
    return found


async def become_customer(work: Work, account_id: UUID) -> None:
    """Make a customer of a prospect: it has ordered."""
    account = await lock(work, Account, account_id)
    await write(work, ACCOUNT, [Change(account, {"stage": Stage.CUSTOMER})])


async def lock_buyers(work: Work, account_ids: Collection[UUID]) -> None:
    """Lock accounts that are about to order, in key order: its prospects become customers."""
    prospects = await reading.lock_buyers(work.sql, account_ids)
    if prospects:
        await lock_all(work, Account, prospects)


async def wait_for_orders(work: Work, account_id: UUID) -> None:
    """Let no order of the account be placed until the act ends; those under way are done."""
    await reading.lock_for_update(work.sql, account_id)


async def account_states(at: Reading, account_ids: Sequence[UUID]) -> list[AccountChanged]:
    """What is published of accounts, as they are now."""
    accounts = await read_all(at, Account, account_ids)
    return [AccountChanged.of(account, []) for account in accounts]


async def _defaults(work: Work, count: int) -> Sequence[Values]:
    return [{"currency": work.setting.currency}] * count


async def _look_up(
    work: Work, changes: Sequence[Change[Account]], _sender: str | None
) -> Sequence[Values]:
    """The values; each new owner is looked at once. What is restored loses a disabled owner.

    Raises InvalidInput, MissingReference and Forbidden (owner).
    """
    owners = {
        one.values["owner_id"]
        for one in changes
        if one.values.get("owner_id") not in {None, one.record.owner_id}
    }
    for owner_id in sorted(owners):
        await require_active_user(work, owner_id, pointer="/owner_id")
        await reach.require_person(work, owner_id)
    given = [one.values for one in changes]
    return await open_work.without_disabled_owners(work, changes, given, _restores)


def _restores(change: Change[Account], values: Values) -> bool:
    return change.record.status == ARCHIVED and values.get("status", ARCHIVED) != ARCHIVED


async def _prepare(work: Work, change: Change[Account], sender: str | None) -> Values:
    """The values with changed terms of the ERP laid onto the present ones, and the phone read.

    Who has terms of the ERP is a customer; when the ERP archives or restores the customer, the
    account follows. Raises SystemReserved (terms from elsewhere), ManagedByErp (restored here but
    archived there), InvalidInput, CurrencyNotSupported.
    """
    account, values = change.record, dict(change.values)
    terms = values.get("erp")
    if isinstance(terms, ErpTermsChange):
        values = _with_terms(work, change, terms, sender)
    elif sender is None and values.get("status") == ACTIVE and account.erp_archived:
        raise ManagedByErp(fields="status", entity="account")
    if "currency" in values:
        require_supported_currency(work, values["currency"])
    ready = with_phone(values, account, region=settings_of(work.setting).region)
    return writable_values(work, ACCOUNT, change, ready, sender)


async def _check(work: Work, changes: Sequence[Change[Account]], sender: str | None) -> None:
    await refuse_erased(work, ACCOUNT, changes, sender)


def _with_terms(
    work: Work, change: Change[Account], given: ErpTermsChange, sender: str | None
) -> dict[str, Any]:
    if sender != ERP:
        raise SystemReserved(system=ERP)
    terms = given.onto(change.record.erp)
    if terms.credit_limit:
        require_supported_currency(work, terms.credit_limit.currency)
    follows: dict[str, Any] = {"stage": Stage.CUSTOMER}
    if terms.archived != bool(change.record.erp_archived):
        follows["status"] = ARCHIVED if terms.archived else ACTIVE
    return follows | dict(change.values) | {"erp": terms}


async def _stage_of_both(_at: Reading, winner: Json, loser: Json) -> Json:
    """Who has bought stays a customer, whichever of the two it was."""
    stages = {winner["stage"], loser["stage"]}
    return {"stage": Stage.CUSTOMER.value} if Stage.CUSTOMER in stages else {}


async def _publish(work: Work, changes: Sequence[Change[Account]]) -> None:
    await work.record(
        *(AccountChanged.of(one.record, changed_fields(AccountChanged, one)) for one in changes)
    )


ACCOUNT: RecordType[Account, AccountView] = RecordType(
    name="account",
    entity=Account,
    reads=reading.ACCOUNTS,
    defaults=_defaults,
    look_up=_look_up,
    prepare=_prepare,
    check=_check,
    personal=PERSONAL_ACCOUNT,
    publish=_publish,
    merging=Merging(
        change=ChangeAccount,
        rule=_stage_of_both,
        steps_back={"uq_contact_primary": StepsBack("is_primary", "primary")},
    ),
    leader=Leader(system=ERP, fields=LED_BY_ERP, refusal=ManagedByErp, copies=NEVER_EDITED),
)
"""How accounts are kept."""
