"""Persons who answered quotes: their answers are handed out, and emptied when they are erased."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.quotes import queries
from records.erasure.service import erase_replies

__all__ = ["Answerers", "answers_of", "erase_answers"]


@dataclass(frozen=True)
class Answerers:
    """Who may have answered quotes of an account.

    `contact_ids`: to whom the quotes went. `names`: as which persons answered; None: whoever
    answered for the account is the person.
    """

    account_id: UUID
    contact_ids: Collection[UUID]
    names: Sequence[str] | None


async def answers_of(at: Reading, who: Answerers) -> list[dict[str, Any]]:
    """The answers of the persons, as documents."""
    rows = await queries.answers_of(at.sql, who.account_id, who.contact_ids, who.names)
    return [dict(row) | {"document_type": "quote_answer"} for row in rows]


async def erase_answers(work: Work, who: Answerers) -> Mapping[str, int]:
    """Empty name, note and address of the answers; how many. When, and to which text, stays."""
    ids = await queries.empty_answers(work.sql, who.account_id, who.contact_ids, who.names)
    replies = await erase_replies(work, ids) if ids else 0
    return {"quote_answers": len(ids), "replies": replies}
