"""Routes of open sessions: one's own, and for administrators those of all."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from chassis.actor import ADMIN, Actor
from chassis.clock import utc_now
from chassis.http.dependencies import Caller, InReading, Needs, OnlyOnce, caller
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.storage.paging import Page
from identity import open_sessions
from identity.attempts import TooManyAttempts
from identity.audit.acting import InEnteredWork
from identity.authenticate import credential
from identity.fresh_proof import prove_session
from identity.keys import digest
from identity.own import NoLocalUser
from identity.places import LoginsBusy
from identity.proving import NOTHING_SAID, Proof, Proven

__all__ = ["ROUTERS", "Administrator", "EndedSessions", "Ending", "Person", "PersonOrNobody"]

NOBODY = UUID(int=0)
Administrator = Annotated[Actor, Needs(ADMIN)]


class OpenSessionView(BaseModel):
    """A session of a person who is logged in."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    user_id: UUID
    login: str
    source: str = Field(description="Address of the log-in; of IPv6 the network of its owner.")
    user_agent: str = Field(description="The program that logged in, as it calls itself.")
    created_at: datetime = Field(description="When the person logged in (UTC).")
    last_used_at: datetime | None = Field(
        description="When it was used last, exact to a minute; null: not since the log-in."
    )
    expires_at: datetime
    current: bool = Field(description="True: the session that this request shows.")


class EndSessions(BaseModel):
    """Whose sessions are to end."""

    model_config = ConfigDict(extra="forbid")

    user_id: UUID = Field(description="Id of the user whose sessions all end.")


class EndedSessions(BaseModel):
    """What became of it."""

    ended: int = Field(description="How many sessions were open and are not any more.")


class ProveSession(BaseModel):
    """Who one is, said once more."""

    model_config = ConfigDict(extra="forbid")

    present_password: Annotated[
        SecretStr, Field(min_length=1, max_length=200, description="The password as it is now.")
    ]
    code: Annotated[SecretStr | None, Field(min_length=1, max_length=40)] = Field(
        default=None,
        description="Of who has a second factor: six digits of the authenticator, or a recovery "
        "code.",
    )


class ProvenSession(BaseModel):
    """A session whose person proved to be the one who logged in."""

    proved_at: datetime = Field(description="When that was (UTC).")


async def ending(request: Request) -> AsyncIterator[set[bytes]]:
    """Hashes of sessions that end: after the commit this process refuses them at once.

    It stands in the signature before the unit of work. Others refuse them within five seconds.
    """
    ended: set[bytes] = set()
    yield ended
    request.app.state.authenticator.forget_hashed(ended)


async def person(request: Request) -> UUID:
    """The user who calls. Raises NoLocalUser for keys and for people of a token's issuer."""
    actor = await caller(request)
    if actor.kind != "user":
        raise NoLocalUser
    return UUID(actor.id)


async def person_or_nobody(request: Request) -> UUID:
    """The user who calls; of other callers an id that no user has."""
    actor = await caller(request)
    return UUID(actor.id) if actor.kind == "user" else NOBODY


async def shown(request: Request) -> bytes:
    """The hash of what the caller shows."""
    return digest(credential(request.headers) or "")


async def used_since(request: Request) -> datetime:
    """From when on a session must have been used to be open still."""
    idle: timedelta = request.app.state.authenticator.session_idle
    return utc_now() - idle


Ending = Annotated[set[bytes], Depends(ending, scope="function")]
Person = Annotated[UUID, Depends(person)]
PersonOrNobody = Annotated[UUID, Depends(person_or_nobody)]
Shown = Annotated[bytes, Depends(shown)]
UsedSince = Annotated[datetime, Depends(used_since)]

me_session_router = api_router(prefix="/v1/me/sessions", tag="sessions")
all_session_router = api_router(prefix="/v1/sessions", tag="sessions")
ROUTERS = (me_session_router, all_session_router)


@me_session_router.get("", response_model=Page[OpenSessionView], summary="List the own sessions")
async def me_session_list(
    person: PersonOrNobody,
    reading: InReading,
    page: PageAsked,
    shown: Shown,
    used_since: UsedSince,
) -> Page[open_sessions.OpenSession]:
    """Where one is logged in, since when, used last when, and which one this is. A key: nowhere."""
    return await open_sessions.list_open(
        reading.sql, page, user_id=person, shown=shown, now=utc_now(), used_since=used_since
    )


@me_session_router.post(
    "/end-others",
    response_model=EndedSessions,
    summary="End the own other sessions",
    responses=refuses(NoLocalUser),
)
async def me_session_end_others(  # noqa: PLR0917 - routes list their dependencies
    person: Person,
    proven: Proven,
    ending: Ending,
    once: OnlyOnce,
    work: InEnteredWork,
    shown: Shown,
    proof: Proof = NOTHING_SAID,
) -> EndedSessions:
    """End all sessions of one's own but the one that is shown. Asks for password or code again."""
    ending.update(await open_sessions.end_others(work.sql, person, now=work.now, but=shown))
    return EndedSessions(ended=len(ending))


@me_session_router.post(
    "/{session_id}/end",
    response_model=EndedSessions,
    summary="End an own session",
    responses=refuses(NoLocalUser, NotFound),
)
async def me_session_end(  # noqa: PLR0917 - routes list their dependencies
    session_id: UUID,
    person: Person,
    proven: Proven,
    ending: Ending,
    once: OnlyOnce,
    work: InEnteredWork,
    proof: Proof = NOTHING_SAID,
) -> EndedSessions:
    """End one session of one's own, as if one logged out there. Asks for password or code again."""
    ending.add(await open_sessions.end_one(work.sql, session_id, now=work.now, user_id=person))
    return EndedSessions(ended=len(ending))


@all_session_router.post(
    "/current/prove",
    response_model=ProvenSession,
    summary="Prove the own session anew",
    responses=refuses(NoLocalUser, TooManyAttempts, LoginsBusy),
)
async def session_prove(wanted: ProveSession, by: Caller, request: Request) -> ProvenSession:
    """Say password, and code, once more: acts that ask for a fresh proof are open for some minutes.

    Takes no Idempotency-Key: each code counts once.
    """
    return ProvenSession(proved_at=await _prove(request, by, wanted))


async def _prove(request: Request, by: Actor, wanted: ProveSession) -> datetime:
    present = wanted.present_password.get_secret_value()
    code = wanted.code.get_secret_value() if wanted.code else None
    return await prove_session(request, by, present=present, code=code)


@all_session_router.get("", response_model=Page[OpenSessionView], summary="List sessions of people")
async def session_list(  # noqa: PLR0917 - routes list their dependencies
    administrator: Administrator,
    reading: InReading,
    page: PageAsked,
    shown: Shown,
    used_since: UsedSince,
    user_id: UUID | None = None,
) -> Page[open_sessions.OpenSession]:
    """Who is logged in, of all people or of one."""
    return await open_sessions.list_open(
        reading.sql, page, user_id=user_id, shown=shown, now=utc_now(), used_since=used_since
    )


@all_session_router.post(
    "/end", response_model=EndedSessions, summary="End all sessions of a person"
)
async def session_end_all(
    wanted: EndSessions, by: Administrator, ending: Ending, once: OnlyOnce, work: InEnteredWork
) -> EndedSessions:
    """End every session of a user, who may log in again; `disable` keeps the user out."""
    ending.update(await open_sessions.end_others(work.sql, wanted.user_id, now=work.now))
    return EndedSessions(ended=len(ending))


@all_session_router.post(
    "/{session_id}/end",
    response_model=EndedSessions,
    summary="End a session of a person",
    responses=refuses(NotFound),
)
async def session_end(
    session_id: UUID, by: Administrator, ending: Ending, once: OnlyOnce, work: InEnteredWork
) -> EndedSessions:
    """End one session of whomever."""
    ending.add(await open_sessions.end_one(work.sql, session_id, now=work.now))
    return EndedSessions(ended=len(ending))
