"""Accounts of the books: what is particular about writing them."""

from collections.abc import Sequence

from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.ledger.errors import DuplicateAccount
from erp.ledger.models import Account
from erp.ledger.queries import ACCOUNTS, named_accounts
from erp.ledger.schemas import AccountView
from erp.ledger.states import AccountRole
from records.entities import Values
from records.types import Change, RecordType

__all__ = ["ACCOUNT"]


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    return [{"name_zh": ""}] * count


async def _check(work: Work, changes: Sequence[Change[Account]], _sender: str | None) -> None:
    """Refuse the code of another account, and a role's word, which names an account as well."""
    codes = sorted(one.record.code for one in changes if one.touches("code"))
    words = [code for code in codes if code in list(AccountRole)]
    if words:
        raise DuplicateAccount(account_code=words[0])
    codes = sorted(one.record.code for one in changes if one.is_new)
    await advisory_lock(work, *(f"account:{code}" for code in codes))
    taken = await named_accounts(work.sql, codes)
    if taken:
        raise DuplicateAccount(account_code=taken[0])


ACCOUNT: RecordType[Account, AccountView] = RecordType(
    name="account", entity=Account, reads=ACCOUNTS, defaults=_defaults, check=_check
)
"""How accounts of the books are kept. Raises DuplicateAccount."""
