"""Saved views that name a person: by their name, or by what they ask."""

import re
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.erasure.outbox import ERASED

__all__ = ["erase_views", "pattern_of", "views_naming"]

_SHORTEST = 2
"""A name of one letter names nobody."""

_ASKING = """delete from saved_view v
  where exists (select from jsonb_each_text(v.query) q where q.value ~* $1) returning id"""
_NAMING = """select id, name, record_type, query from saved_view v where name ~* $1
  or exists (select from jsonb_each_text(v.query) q where q.value ~* $1) order by created_at, id"""
_NAMED = f"""update saved_view set name = '{ERASED} ' || right(id::text, 12),
    version = version + 1, updated_at = $2 where name ~* $1 returning id"""


async def erase_views(work: Work, words: Iterable[str]) -> list[UUID]:
    """Delete views that ask for one of the words, and rename those called so; ids of both.

    Nothing has the word any more: such a view would find nothing.
    """
    pattern = pattern_of(words)
    if not pattern:
        return []
    asking = await work.sql.fetch(_ASKING, pattern)
    named = await work.sql.fetch(_NAMED, pattern, work.now)
    return [row["id"] for row in (*asking, *named)]


async def views_naming(at: Reading, words: Iterable[str]) -> list[dict[str, Any]]:
    """Views that are called by one of the words, or ask for one."""
    pattern = pattern_of(words)
    return [dict(row) for row in await at.sql.fetch(_NAMING, pattern)] if pattern else []


def pattern_of(words: Iterable[str]) -> str:
    """A regular expression of PostgreSQL for any of the words; of Latin ones only as whole words.

    Empty where none of them names anybody.
    """
    wanted = {one.strip() for one in words} - {ERASED}
    return "|".join(_whole(one) for one in sorted(wanted) if len(one) >= _SHORTEST)


def _whole(word: str) -> str:
    escaped = re.sub(r"([^\w\s])", r"\\\1", word)
    return (
        rf"\y{escaped}\y"
        if word.isascii() and word[0].isalnum() and word[-1].isalnum()
        else escaped
    )
