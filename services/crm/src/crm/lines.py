"""Acts that must not overtake each other stand in line by a word they share."""

from chassis.storage.work import Work

__all__ = ["stand_in_line"]

_STAND = """select pg_advisory_xact_lock(hashtextextended(word, 1))
  from (select word from unnest($1::text[]) with ordinality as w(word, at) order by at) w"""


async def stand_in_line(work: Work, *words: str) -> None:
    """Wait until no other act that named one of the words is under way; hold them until ours ends.

    Whoever comes next sees what we committed: so a check such as "is this code taken?" holds
    under concurrency and can name the record in the way. The unique index promises it as well.
    Several words are taken in the order given, which must be the same for all.
    """
    await work.sql.execute(_STAND, words)
