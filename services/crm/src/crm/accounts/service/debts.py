"""What customers owe, as a linked ERP tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from chassis.http.batch import Outcome
from chassis.problems.standard import NotFound
from chassis.work.unit_of_work import Work
from crm.accounts.queries import reading

__all__ = ["Owed", "store_debts"]


@dataclass(frozen=True)
class Owed:
    """What an account owes, and when the ERP said so."""

    account_id: UUID
    amount: Decimal
    told_at: datetime


async def store_debts(work: Work, sent: Sequence[Owed]) -> list[Outcome]:
    """Keep the newest word of what each of different accounts owes; it is no change of them.

    Raises NotFound.
    """
    found = await reading.debts_of(work.sql, [one.account_id for one in sent])
    outcomes: list[Outcome] = []
    for one in sent:
        if one.account_id not in found:
            raise NotFound(entity="account", id=one.account_id)
        outcomes.append(_outcome(one, found[one.account_id]))
    newer = [one for one, outcome in zip(sent, outcomes, strict=True) if outcome == "updated"]
    await reading.store_debts(
        work.sql, [reading.OwedBy(one.account_id, one.amount, one.told_at) for one in newer]
    )
    return outcomes


def _outcome(sent: Owed, known: tuple[Decimal, datetime] | None) -> Outcome:
    if known == (sent.amount, sent.told_at):
        return "unchanged"
    return "stale" if known and sent.told_at < known[1] else "updated"
