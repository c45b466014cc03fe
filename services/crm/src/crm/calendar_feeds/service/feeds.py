"""Users make, replace and revoke the address of their calendar; programs read it."""

import hashlib
import secrets
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from chassis.actor import Actor
from chassis.ids import uuid7
from chassis.problems.standard import Unauthorized
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.activities.service.planned import planned_of
from crm.calendar_feeds import queries
from crm.calendar_feeds.errors import CalendarFeedUnknown
from crm.calendar_feeds.rules.ical import calendar_text
from crm.calendar_feeds.schemas import CalendarFeedView, IssuedCalendarFeed
from identity.own import NoLocalUser

__all__ = ["FEED", "FEED_PATH", "READ", "calendar_of", "issue", "own_feed", "reader_of", "revoke"]

FEED_PATH = "/calendar-feeds/feed.ics"
READ = "activities.read"
TOKEN_BYTES = 32
PAST, AHEAD = timedelta(days=90), timedelta(days=365)
ENTRIES_MAX = 2000

FEED = Actor(kind="system", id="calendar-feed", name="calendar feed", scopes=frozenset())
"""Who looks up whose feed it is: it may do nothing else."""


async def own_feed(at: Reading) -> CalendarFeedView:
    """Whether the caller has a feed. Raises NoLocalUser."""
    made_at = await queries.valid_since(at.sql, _own_id(at.actor))
    return CalendarFeedView(active=made_at is not None, made_at=made_at)


async def issue(work: Work) -> IssuedCalendarFeed:
    """Make the caller's feed; an earlier one ends.

    Raises NoLocalUser, Unauthorized (disabled meanwhile).
    """
    user_id = _own_id(work.actor)
    await advisory_lock(work, f"calendar_feed:{user_id}")
    await queries.revoke_feed(work.sql, user_id, work.now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    if not await queries.add_feed(work.sql, uuid7(), user_id, _hash(token), work.now):
        raise Unauthorized
    return IssuedCalendarFeed(path=f"{FEED_PATH}?token={token}", made_at=work.now)


async def revoke(work: Work) -> CalendarFeedView:
    """End the caller's feed, if there is one. Raises NoLocalUser."""
    await queries.revoke_feed(work.sql, _own_id(work.actor), work.now)
    return CalendarFeedView(active=False, made_at=None)


async def reader_of(at: Reading, token: str, *, with_factor: Collection[str]) -> Actor:
    """The user whose feed has the token, as the actor who reads.

    `with_factor`: roles that need a second factor. Raises CalendarFeedUnknown, also where the user
    may not read activities or has yet to enrol a second factor.
    """
    user = await queries.user_with_token(at.sql, _hash(token))
    if user is None or (not user.has_factor and not set(user.roles).isdisjoint(with_factor)):
        raise CalendarFeedUnknown
    scopes = frozenset[str]().union(*(at.setting.roles.get(role, ()) for role in user.roles))
    actor = Actor(kind="user", id=str(user.id), name=user.name, scopes=scopes)
    if not actor.may(READ):
        raise CalendarFeedUnknown
    return actor


async def calendar_of(at: Reading) -> bytes:
    """The calls, meetings and tasks of the actor, from 90 days ago to a year ahead."""
    begin, end = at.now - PAST, at.now + AHEAD
    entries = await planned_of(at, UUID(at.actor.id), begin, end, limit=ENTRIES_MAX)
    return calendar_text(f"Tandem: {at.actor.name}", entries)


def _own_id(actor: Actor) -> UUID:
    if actor.kind != "user":
        raise NoLocalUser
    return UUID(actor.id)


def _hash(token: str) -> bytes:
    """What is kept of a token: it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()
