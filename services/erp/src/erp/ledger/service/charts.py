"""Which accounts the company has, and which of them documents post to."""

import csv
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from sqlalchemy import or_, select

from chassis.ids import uuid7
from chassis.problems.standard import MissingReference
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.ledger import queries
from erp.ledger.errors import (
    AccountHasEntries,
    AccountHasRole,
    ChartIncomplete,
    ChartInUse,
    DuplicateAccount,
    RoleInUse,
)
from erp.ledger.models import Account
from erp.ledger.schemas import (
    ChartAccount,
    ChartView,
    GiveRole,
    ReplaceChart,
    RoleView,
)
from erp.ledger.service.accounts import ACCOUNT
from erp.ledger.states import CONTROL_ROLES, PRODUCTION_ROLES, AccountRole, ChartName
from records.types import Change
from records.writes import write

__all__ = ["give_role", "replace_chart"]


async def replace_chart(work: Work, command: ReplaceChart) -> ChartView:
    """Give accounts with a role the codes and names of the chart's, and open its other accounts.

    An account without a role that the company opened itself stays. Raises ChartIncomplete,
    ChartInUse, DuplicateAccount (an own account has the code of one with a role).
    """
    chart = _shipped(command.chart) if command.chart else command.accounts
    _require_roles(chart)
    await advisory_lock(work, queries.CHART)
    if await queries.has_entries(work.sql):
        raise ChartInUse
    present = await _all_accounts(work)
    by_role = {one.role: one for one in present if one.role}
    own = {one.code: one for one in present if not one.role}
    given = {one.role for one in chart}
    kept = {one.code for one in present if one.role and one.role not in given}
    known, new = [], []
    for one in chart:
        if (one.role and one.code in own) or one.code in kept:
            raise DuplicateAccount(account_code=one.code)
        account = by_role[one.role] if one.role else own.get(one.code)
        values = one.model_dump(exclude={"role"})
        if account:
            known.append(Change(account, values))
        else:
            new.append(Change(_new_account(work), values, is_new=True))
    await work.sql.execute("set constraints uq_account_code deferred")
    await write(work, ACCOUNT, known)
    await write(work, ACCOUNT, new)
    ids = [one.id for one in await _all_accounts(work)]
    accounts = await queries.ACCOUNTS.get_all(work, ids)
    return ChartView(accounts=sorted(accounts, key=lambda account: account.code))


@cache
def _shipped(chart: ChartName) -> Sequence[ChartAccount]:
    text = (files("erp.ledger") / "charts" / f"{chart}.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return [ChartAccount.model_validate(row | {"role": row["role"] or None}) for row in rows]


def _require_roles(chart: Sequence[ChartAccount]) -> None:
    given = {one.role for one in chart}
    missing = [one for one in AccountRole if one not in given and one not in PRODUCTION_ROLES]
    if missing:
        raise ChartIncomplete(role=", ".join(missing))


async def _all_accounts(work: Work) -> Sequence[Account]:
    wanted = select(Account).order_by(Account.id).with_for_update()
    return (await work.session.execute(wanted)).scalars().all()


def _new_account(work: Work) -> Account:
    return Account(id=uuid7(), created_at=work.now, updated_at=work.now)


async def give_role(work: Work, role: AccountRole, command: GiveRole) -> RoleView:
    """Let documents post to another account from now on, when those that post now are done.

    Raises MissingReference (account), AccountHasRole; of a role whose account documents keep
    RoleInUse and AccountHasEntries.
    """
    await advisory_lock(work, queries.CHART)
    present, account = await _accounts_for(work, role, command.account)
    if account.id != present.id:
        if account.role:
            raise AccountHasRole(account=account.code, role=account.role)
        await _require_free(work, role, present, account)
        await write(work, ACCOUNT, [Change(present, {"role": None})])
        await write(work, ACCOUNT, [Change(account, {"role": role})])
    return RoleView(role=role, account=account.code, account_name=account.name)


async def _accounts_for(work: Work, role: AccountRole, code: str) -> tuple[Account, Account]:
    """The account that has the role, and the one with the code, locked. Raises MissingReference."""
    wanted = select(Account).where(or_(Account.role == role, Account.code == code))
    rows = await work.session.execute(wanted.order_by(Account.id).with_for_update())
    found = rows.scalars().all()
    present = next(one for one in found if one.role == role)
    account = next((one for one in found if one.code == code), None)
    if account is None:
        raise MissingReference(entity="account", reference=code)
    return present, account


async def _require_free(work: Work, role: AccountRole, present: Account, account: Account) -> None:
    """What documents keep agrees with them line by line: it neither leaves nor takes entries."""
    if role not in CONTROL_ROLES:
        return
    if await queries.has_entries(work.sql, present.id):
        raise RoleInUse(account=present.code, role=role)
    if await queries.has_entries(work.sql, account.id):
        raise AccountHasEntries(account=account.code, role=role)
