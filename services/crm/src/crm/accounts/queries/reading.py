"""Named reads and locks of accounts and contacts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

import asyncpg
from sqlalchemy import select

from chassis.storage.bulk import Bulk
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.work.locking import any_of
from chassis.work.unit_of_work import Work
from crm import reach, searched
from crm.accounts.models import ACTIVE, Account, AccountDebt, Contact
from crm.accounts.schemas import (
    AccountQuery,
    AccountView,
    Buyer,
    ContactQuery,
    ContactView,
)
from crm.accounts.states import Stage
from crm.reached_filters import reachable
from crm.staff.schemas import MemberView
from records.filters import among
from records.includes import Include
from records.reads import BY_NAME, Reads, columns_of
from values.address import Address

__all__ = [
    "ACCOUNTS",
    "CONTACTS",
    "OwedBy",
    "Sql",
    "account_ids_of_contacts",
    "accounts_by_external",
    "buyer",
    "contacts_of",
    "debts_of",
    "lock_accounts",
    "lock_accounts_of_sent",
    "lock_buyers",
    "lock_for_update",
    "primary_contacts",
    "store_debts",
]

Sql: TypeAlias = "asyncpg.Connection[Any]"

_PHONE = "case when phone_e164 <> '' then phone_e164 else phone_raw end"
_ERP = """case when erp_customer_number is not null then jsonb_build_object(
    'customer_number', erp_customer_number,
    'credit_limit', case when erp_credit_limit is not null
      then jsonb_build_object('amount', erp_credit_limit::text, 'currency', currency) end,
    'payment_terms_days', erp_payment_terms_days,
    'dunning_block', erp_dunning_block, 'archived', erp_archived) end"""
_OWES = """(select jsonb_build_object('amount', d.owes::text, 'currency', account.currency,
      'told_at', d.told_at) from account_debt d where d.account_id = account.id)"""
_CONSENT = "jsonb_build_object('email', consent_email, 'phone', consent_phone)"

_BUYER = """select shipping_address, status = 'archived' as archived,
    stage = 'prospect' as prospect,
    exists (select from external_reference r where r.entity_type = 'account'
      and r.system = 'erp' and r.entity_id = account.id) as in_erp,
    (select trim_scale(d.owes)::text from account_debt d where d.account_id = account.id) as owes
  from account where id = $1"""
_BY_EXTERNAL = """select external_id, entity_id from external_reference
  where entity_type = 'account' and system = $1 and external_id = any($2::text[])"""
_LOCK_ACCOUNTS = """select id, billing_address->>'country' as country from account
  where id = any($1::uuid[]) order by id for no key update"""
_LOCK_ACCOUNTS_OF_SENT = """select from account where id = any(array(
    select c.account_id from external_reference r join contact c on c.id = r.entity_id
     where r.entity_type = 'contact' and r.system = $1 and r.external_id = any($2::text[])
    union select entity_id from external_reference
     where entity_type = 'account' and system = $1 and external_id = any($3::text[])
    union select unnest($4::uuid[]))) order by id for no key update"""
_ORDERS = "select from account where id = $1 for key share"
_DEBTS_OF = """select c.id, d.owes, d.told_at from account c left join account_debt d
  on d.account_id = c.id where c.id = any($1::uuid[])"""
_IF_NOT_OLDER = """(account_id) do update set owes = excluded.owes, told_at = excluded.told_at
    where account_debt.told_at <= excluded.told_at"""


def _account_filters(at: Reading, query: AccountQuery) -> list[Filter]:
    return [
        *reachable(searched.ACCOUNT, at, query),
        among("stage", query.stage),
        Filter("owner_id = {}", query.owner_id),
        Filter("tax_id = {} and tax_id <> ''", query.tax_id),
    ]


def _contact_filters(at: Reading, query: ContactQuery) -> list[Filter]:
    return [
        *reachable(searched.CONTACT, at, query),
        Filter("account_id = {}", query.account_id),
        Filter(reach.OWNED_BY.format(of="contact"), query.owner_id),
    ]


def _account_reach(at: Reading) -> Sequence[Filter]:
    """The accounts that the actor may see."""
    return reach.of_account(at, "read")


def _account_change(at: Reading) -> Sequence[Filter]:
    return reach.of_account(at, "write")


def _contact_reach(at: Reading) -> Sequence[Filter]:
    return reach.through_account(at, "read", account_id="contact.account_id")


def _contact_change(at: Reading) -> Sequence[Filter]:
    return reach.through_account(at, "write", account_id="contact.account_id")


ACCOUNTS = Reads(
    name="account",
    view=AccountView,
    columns=columns_of(AccountView, Account.__table__, phone=_PHONE, erp=_ERP, owes=_OWES),
    source="account",
    visible=_account_reach,
    changeable=_account_change,
    change_scope=reach.CHANGE_ALL,
    query=AccountQuery,
    filters=_account_filters,
    searched=searched.ACCOUNTS,
    includes={"owner": Include(MemberView, "owner_id")},
    sorts=BY_NAME,
)
CONTACTS = Reads(
    name="contact",
    view=ContactView,
    columns=columns_of(
        ContactView, Contact.__table__, phone=_PHONE, consent=_CONSENT, primary="is_primary"
    ),
    source="contact",
    visible=_contact_reach,
    changeable=_contact_change,
    change_scope=reach.CHANGE_ALL,
    query=ContactQuery,
    filters=_contact_filters,
    searched=searched.CONTACTS,
    includes={"account": Include(AccountView, "account_id")},
    sorts=BY_NAME,
)


async def buyer(sql: Sql, account_id: UUID) -> Buyer | None:
    """What an order needs to know of its account; None: there is no such account.

    While it orders, nobody makes a prospect of it (`lock_for_update`): it is locked first and then
    read as it is, because a lock that waited gives the row as it was before.
    """
    await sql.fetchrow(_ORDERS, account_id)
    row = await sql.fetchrow(_BUYER, account_id)
    if row is None:
        return None
    address = Address.model_validate(row["shipping_address"])
    stands = {name: row[name] for name in ("archived", "prospect", "in_erp")}
    return Buyer(address, row["owes"], **stands)


async def lock_buyers(sql: Sql, account_ids: Collection[UUID]) -> list[UUID]:
    """Lock accounts as `buyer` does, in key order; those that have not bought so far."""
    rows = await sql.fetch(
        "select id, stage from account where id = any($1::uuid[]) order by id for key share",
        list(account_ids),
    )
    return [row["id"] for row in rows if row["stage"] == Stage.PROSPECT]


async def lock_for_update(sql: Sql, account_id: UUID) -> None:
    """Wait for the orders that are being placed by the account, and let others wait for us."""
    await sql.fetchval("select id from account where id = $1 for update", account_id)


async def account_ids_of_contacts(sql: Sql, contact_ids: Collection[UUID]) -> dict[UUID, UUID]:
    """The accounts that contacts belong to, by contact; whom there is not is left out."""
    rows = await sql.fetch(
        "select id, account_id from contact where id = any($1::uuid[])", list(contact_ids)
    )
    return {row["id"]: row["account_id"] for row in rows}


async def contacts_of(sql: Sql, account_id: UUID) -> list[UUID]:
    """The ids of all contacts of an account, also archived ones."""
    rows = await sql.fetch("select id from contact where account_id = $1 order by id", account_id)
    return [row["id"] for row in rows]


async def accounts_by_external(
    sql: Sql, system: str | None, external_ids: Collection[str]
) -> dict[str, UUID]:
    """The accounts by their ids in another system; what is not linked is left out."""
    rows = await sql.fetch(_BY_EXTERNAL, system, list(external_ids))
    return {row["external_id"]: row["entity_id"] for row in rows}


async def lock_accounts(sql: Sql, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Lock accounts in key order until the act ends; their countries, by account."""
    rows = await sql.fetch(_LOCK_ACCOUNTS, list(account_ids))
    return {row["id"]: row["country"] for row in rows}


async def lock_accounts_of_sent(
    sql: Sql,
    system: str,
    *,
    contacts: Collection[str],
    accounts: Collection[str],
    account_ids: Collection[UUID],
) -> None:
    """Lock the accounts of contacts and the accounts that another system names, in key order."""
    await sql.execute(
        _LOCK_ACCOUNTS_OF_SENT, system, list(contacts), list(accounts), list(account_ids)
    )


async def primary_contacts(work: Work, account_ids: Collection[UUID]) -> Sequence[Contact]:
    """The primary contacts of accounts."""
    wanted = select(Contact).where(
        Contact.account_id == any_of(account_ids), Contact.primary, Contact.status == ACTIVE
    )
    return (await work.session.execute(wanted)).scalars().all()


async def debts_of(
    sql: Sql, account_ids: Sequence[UUID]
) -> dict[UUID, tuple[Decimal, datetime] | None]:
    """What accounts owe and when it was said; None: nobody said. Whom there is not is left out."""
    rows = await sql.fetch(_DEBTS_OF, account_ids)
    return {row["id"]: row["told_at"] and (row["owes"], row["told_at"]) for row in rows}


class OwedBy(NamedTuple):
    """What an account owes, and when the ERP said so."""

    account_id: UUID
    owes: Decimal
    told_at: datetime


async def store_debts(sql: Sql, debts: Sequence[OwedBy]) -> None:
    """Keep the newest word of what different accounts owe."""
    bulk = Bulk()
    in_order = sorted(debts, key=attrgetter("account_id"))
    bulk.insert(AccountDebt, in_order, *OwedBy._fields, conflict=_IF_NOT_OLDER)
    await bulk.execute(sql)
