"""Acts that must not overtake each other stand in line by a word they share."""

from chassis.storage.work import Work

__all__ = ["stand_in_line"]


async def stand_in_line(work: Work, word: str) -> None:
    """Wait until no other act that named this word is under way; hold it until ours ends.

    Whoever comes next sees what we committed. So "is this code taken?" holds under concurrency
    and can name the record in the way; the unique index promises it as well.
    """
    await work.sql.execute("select pg_advisory_xact_lock(hashtextextended($1, 1))", word)
