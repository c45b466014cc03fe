"""Saved views that name a person: by their name, or by what they ask."""

import re
from collections.abc import Iterable
from uuid import UUID

from chassis.work.unit_of_work import Work
from records.erasure.outbox import ERASED

__all__ = ["erase_views", "pattern_of"]

_SHORTEST = 2
"""A name of one letter names nobody."""

_ASKING = """delete from saved_view v
  where exists (select from jsonb_each_text(v.query) q where q.value ~* $1) returning id"""
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
