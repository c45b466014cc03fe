"""Who asked for a job: it is done with what that person or key may do when it is done."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from chassis.actor import ADMIN, Actor
from chassis.problems.standard import Forbidden
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading

__all__ = ["actor_of", "kept_actor", "only_own"]

_USER = "select name, roles from local_user where id = $1 and active"
_KEY = """select name, scopes, systems from api_key
  where id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)"""


def kept_actor(actor: Actor) -> dict[str, Any]:
    """The actor as JSON, to be kept with what was asked for."""
    return {
        "kind": actor.kind,
        "id": actor.id,
        "name": actor.name,
        "scopes": sorted(actor.scopes),
        "systems": sorted(actor.systems),
        "language": actor.language,
    }


async def actor_of(at: Reading, kept: Mapping[str, Any], *scopes: str) -> Actor:
    """Who asked, with the permissions of today; tokens of others have those they came with.

    Raises Forbidden where one of the scopes is gone, or the user or key itself.
    """
    actor = await _today(at, kept)
    for scope in scopes:
        if actor is None or not actor.may(scope):
            raise Forbidden(scope=scope)
    assert actor is not None  # noqa: S101 - there is a scope
    return actor


async def _today(at: Reading, kept: Mapping[str, Any]) -> Actor | None:
    kind, own_id = kept["kind"], kept["id"]
    scopes, systems, name = frozenset(kept["scopes"]), frozenset(kept["systems"]), kept["name"]
    if kind == "user":
        row = await at.sql.fetchrow(_USER, UUID(own_id))
        if row is None:
            return None
        scopes = frozenset[str]().union(*(at.setting.roles.get(one, ()) for one in row["roles"]))
        name = row["name"]
    elif kind == "key":
        row = await at.sql.fetchrow(_KEY, UUID(own_id), at.now)
        if row is None:
            return None
        name, scopes, systems = row["name"], frozenset(row["scopes"]), frozenset(row["systems"])
    language = kept["language"]
    return Actor(kind, own_id, name, scopes, language=language, systems=systems)


def only_own(at: Reading) -> Filter:
    """What the actor asked for; administrators see what anybody did."""
    own = None if at.actor.may(ADMIN) else at.actor.reference
    return Filter("made_by = {}", own)
