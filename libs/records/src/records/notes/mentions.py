"""Mentions: `@login` in a text, of users who may see what the text is about."""

import re
from collections.abc import Sequence

from chassis.actor import Actor
from chassis.storage.reading import Reading
from records.notes.schemas import Mention

__all__ = ["logins_in", "mentioned"]

_AT_LOGIN = re.compile(r"(?<![A-Za-z0-9._@+-])[@\uff20]([A-Za-z0-9][A-Za-z0-9._@+-]{0,99})")
_AFTER_WORD = "._@+-"
"""Signs that a login may end in, and that more often belong to the sentence."""

_USERS = """select id, login, name, roles from local_user
  where active and login = any($1::text[]) order by login"""


def logins_in(text: str) -> list[tuple[str, ...]]:
    """What may be a login, for each `@word`: the whole word first, then without signs at its end.

    An address such as `lin@firm.example` mentions nobody.
    """
    words = dict.fromkeys(found[1].lower() for found in _AT_LOGIN.finditer(text))
    return [tuple(dict.fromkeys((word, word.rstrip(_AFTER_WORD)))) for word in words]


async def mentioned(at: Reading, text: str, *, scope: str) -> list[Mention]:
    """The active users whom the text mentions, by login; only those whose roles give the scope.

    Who has no such login, or may not see such records, is not mentioned: the word stays text.
    """
    words = logins_in(text)
    if not words:
        return []
    rows = await at.sql.fetch(_USERS, [login for word in words for login in word])
    users = {row["login"]: row for row in rows if _may(at, row["roles"], scope)}
    chosen = {next((one for one in word if one in users), "") for word in words} - {""}
    return [
        Mention(user_id=users[login]["id"], login=login, name=users[login]["name"])
        for login in sorted(chosen)
    ]


def _may(at: Reading, roles: Sequence[str], scope: str) -> bool:
    scopes = frozenset[str]().union(*(at.setting.roles.get(role, ()) for role in roles))
    return Actor(kind="user", id="", name="", scopes=scopes).may(scope)
