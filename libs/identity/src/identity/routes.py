"""Routes of identity: who am I, the keys of machines, the sessions of people."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, SecretStr

from chassis.actor import ADMIN, Actor
from chassis.clock import utc_now
from chassis.http.dependencies import Caller, InReading, Needs, OnlyOnce
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.service import Service
from chassis.storage.paging import Page, Sort, fetch_page
from chassis.work.unit_of_work import Work
from identity import factor_routes, invitation_routes, keys, own, session_routes, sessions
from identity.attempts import Attempt, TooManyAttempts
from identity.audit.acting import InEnteredWork
from identity.audit.routes import audit_router
from identity.authenticate import credential
from identity.breaches import BreachListUnreadable
from identity.factors import SecondFactorRequired, SecondFactorWrong
from identity.fresh_proof import FreshlyProven
from identity.jwt import IssuerUnavailable
from identity.own import NoLocalUser
from identity.own_logins import own_login_router
from identity.passwords import PasswordText
from identity.places import LoginsBusy
from identity.repeats import keep_for_repeats
from identity.rotation import (
    FORMER_VALID_HOURS,
    FORMER_VALID_HOURS_MAX,
    ApiKeyEnded,
    rotate,
)
from identity.sessions import LoginRefused
from values.text import visible

__all__ = ["ROUTERS"]

Administrator = Annotated[Actor, Needs(ADMIN)]


class ActorView(BaseModel):
    """Who calls, and what the caller may do."""

    model_config = ConfigDict(from_attributes=True)

    kind: str = Field(description="key, user or token.")
    id: str
    name: str
    scopes: list[str]
    systems: list[str] = Field(description="Reserved systems that the caller may speak for.")
    language: str | None = Field(description="Preferred language, when it is known.")


class ApiKeyView(BaseModel):
    """An API key without its secret."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    prefix: str = Field(description="The part of the key that may be shown.")
    scopes: list[str]
    systems: list[str] = Field(description="Reserved systems that the key may speak for.")
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    revoked_by: str | None = Field(description="Who revoked it; null where nobody did.")
    last_used_at: datetime | None = Field(description="Exact to a minute.")
    former_expires_at: datetime | None = Field(
        description="When the secret before the last rotation ends, if the key does not end "
        "before; null where it was never rotated."
    )
    former_last_used_at: datetime | None = Field(
        description="When that secret was used last, exact to a minute; null where it never was."
    )


class NewApiKey(BaseModel):
    """A key to be made."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100), AfterValidator(visible)]
    scopes: Annotated[list[str], Field(min_length=1, max_length=100)]
    expires_at: AwareDatetime | None = None
    systems: Annotated[list[str], Field(max_length=20)] = Field(
        default=[],
        description="Reserved systems that the key may speak for: the other half's bridge needs "
        "it. Other systems any key may name.",
    )


class BindApiKey(BaseModel):
    """The reserved systems that a key may speak for from now on."""

    model_config = ConfigDict(extra="forbid")

    systems: Annotated[list[str], Field(max_length=20)]


class RotateApiKey(BaseModel):
    """How long the former secret works beside the new one."""

    model_config = ConfigDict(extra="forbid")

    former_valid_hours: Annotated[int, Field(strict=True, ge=0, le=FORMER_VALID_HOURS_MAX)] = Field(
        default=FORMER_VALID_HOURS,
        description="Hours until the former secret is refused; 0: at once.",
    )


class IssuedApiKey(ApiKeyView):
    """A key that was just made, or given a new secret."""

    secret: str | None = Field(
        description="The key itself, shown this once; null when a repeat is answered."
    )


class Login(BaseModel):
    """What a person types to begin a session."""

    model_config = ConfigDict(extra="forbid")

    login: Annotated[str, Field(min_length=1, max_length=100)]
    password: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    code: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=40,
            repr=False,
            description="Of who has a second factor: six digits of the authenticator, or a "
            "recovery code. Without one the answer is `second_factor_required`.",
        ),
    ] = None


class ChangePassword(BaseModel):
    """A password of one's own, in place of the present one."""

    model_config = ConfigDict(extra="forbid")

    present_password: Annotated[
        SecretStr, Field(min_length=1, max_length=200, description="The password as it is now.")
    ]
    password: PasswordText


class SessionView(BaseModel):
    """A session that has just begun."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    user_id: UUID
    token: str = Field(description="Send it as Authorization: Bearer.")
    expires_at: datetime


me_router = api_router(prefix="/v1/me", tag="identity")
api_key_router = api_router(prefix="/v1/api-keys", tag="api-keys")
session_router = api_router(prefix="/v1/sessions", tag="sessions")
ROUTERS = (
    me_router,
    api_key_router,
    session_router,
    *session_routes.ROUTERS,
    *factor_routes.ROUTERS,
    *invitation_routes.ROUTERS,
    own_login_router,
    audit_router,
)


@me_router.get(
    "",
    response_model=ActorView,
    summary="Who the caller is",
    responses=refuses(IssuerUnavailable),
)
async def caller_get(caller: Caller) -> ActorView:
    """The caller as this service knows it, with every scope."""
    return ActorView.model_validate(caller)


@me_router.put(
    "/password",
    status_code=204,
    summary="Change the own password",
    responses=refuses(NoLocalUser, TooManyAttempts, LoginsBusy, BreachListUnreadable),
)
async def me_password_change(wanted: ChangePassword, caller: Caller, request: Request) -> Response:
    """Give oneself another password. Every other session of the person ends."""
    present, new = wanted.present_password.get_secret_value(), wanted.password.get_secret_value()
    await own.change_password(request, caller, present=present, new=new, now=utc_now())
    return Response(status_code=204)


async def here(request: Request) -> Service:
    """The service that is called."""
    service: Service = request.app.state.service
    return service


Here = Annotated[Service, Depends(here)]


@api_key_router.get("", response_model=Page[ApiKeyView], summary="List API keys")
async def api_key_list(
    administrator: Administrator, reading: InReading, page: PageAsked
) -> Page[keys.ApiKey]:
    """Every key ever made, revoked ones too."""
    return await fetch_page(reading.sql, asked=page, **_LISTED)


@api_key_router.post("", status_code=201, response_model=IssuedApiKey, summary="Make an API key")
async def api_key_create(  # noqa: PLR0917 - routes list their dependencies
    wanted: NewApiKey,
    by: Administrator,
    fresh: FreshlyProven,
    once: OnlyOnce,
    work: InEnteredWork,
    service: Here,
    request: Request,
) -> IssuedApiKey:
    """Make a key. Its secret is in this answer and can never be read again."""
    values = {"created_by": by.reference, "now": work.now, **dict(wanted)}
    issued = await keys.issue(work.sql, **_of(service), **values)
    return _shown_once(request, work, issued)


@api_key_router.put(
    "/{key_id}/systems",
    response_model=ApiKeyView,
    summary="Bind an API key",
    responses=refuses(NotFound),
)
async def api_key_bind(  # noqa: PLR0917 - routes list their dependencies
    key_id: UUID,
    wanted: BindApiKey,
    administrator: Administrator,
    fresh: FreshlyProven,
    work: InEnteredWork,
    service: Here,
) -> keys.ApiKey:
    """Let the key speak for these reserved systems; each process knows in five seconds."""
    return await keys.bind(work.sql, key_id, wanted.systems, reserved=service.reserved_systems)


@api_key_router.post(
    "/{key_id}/revoke",
    response_model=ApiKeyView,
    summary="Revoke an API key",
    responses=refuses(NotFound),
)
async def api_key_revoke(
    key_id: UUID, by: Administrator, once: OnlyOnce, work: InEnteredWork
) -> keys.ApiKey:
    """End a key: every process refuses it within five seconds."""
    return await keys.revoke(work.sql, key_id, by=by.reference, now=work.now)


@api_key_router.post(
    "/{key_id}/rotate",
    response_model=IssuedApiKey,
    summary="Rotate an API key",
    responses=refuses(NotFound, ApiKeyEnded),
)
async def api_key_rotate(  # noqa: PLR0917 - routes list their dependencies
    key_id: UUID,
    wanted: RotateApiKey,
    by: Administrator,
    fresh: FreshlyProven,
    once: OnlyOnce,
    work: InEnteredWork,
    service: Here,
    request: Request,
) -> IssuedApiKey:
    """Give a key a new secret, shown this once. A secret from before the last rotation ends."""
    given = {"service": service.name, "now": work.now, **dict(wanted)}
    return _shown_once(request, work, await rotate(work.sql, key_id, **given), status=200)


@session_router.post(
    "",
    status_code=201,
    response_model=SessionView,
    summary="Log in",
    responses=refuses(
        LoginRefused, SecondFactorRequired, SecondFactorWrong, TooManyAttempts, LoginsBusy
    ),
)
async def session_create(
    login: Login, service: Here, request: Request, ending: session_routes.Ending
) -> sessions.Session:
    """Begin a session; one's own whose token is shown ends.

    Takes no Idempotency-Key: the token is kept nowhere to be repeated.
    """
    shown = credential(request.headers) or ""
    ending.add(keys.digest(shown))
    attempt = Attempt(request, login.login, code=login.code)
    given: dict[str, Any] = {"service": service.name, "now": utc_now(), "instead": shown}
    return await sessions.log_in(request.app.state.database, attempt, login.password, **given)


@session_router.delete("/current", status_code=204, summary="Log out", responses=refuses(NotFound))
async def session_delete(caller: Caller, work: InEnteredWork, request: Request) -> Response:
    """End the session whose token is shown. Raises NotFound when a key or JWT is shown."""
    shown = credential(request.headers) or ""
    await sessions.end_session(work.sql, shown, now=work.now)
    request.app.state.authenticator.forget(shown)
    return Response(status_code=204)


def _of(service: Service) -> dict[str, Any]:
    """What a key may be given there."""
    return {
        "service": service.name,
        "permissions": service.permissions,
        "reserved": service.reserved_systems,
    }


_LISTED: dict[str, Any] = {
    "columns": keys.COLUMNS,
    "source": "api_key",
    "view": keys.api_key,
    "sorts": {"created_at": Sort("created_at", "timestamptz"), "name": Sort("name", "text")},
    "default": "-created_at",
}


def _shown_once(
    request: Request, work: Work, issued: keys.IssuedKey, *, status: int = 201
) -> IssuedApiKey:
    """The view with the secret; what is kept for a repeat of the request has none."""
    view = IssuedApiKey.model_validate({**vars(issued.key), "secret": issued.secret})
    kept = view.model_copy(update={"secret": None})
    keep_for_repeats(request, work, kept.model_dump_json(), status=status)
    return view
