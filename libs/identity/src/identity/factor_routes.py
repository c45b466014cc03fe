"""Routes of second factors: the own one, and for administrators the reset of another's."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from chassis.http.dependencies import Caller, InReading, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from identity import factors, own_factor
from identity.attempts import TooManyAttempts
from identity.audit.acting import InEnteredWork
from identity.factors import FactorExists
from identity.open_sessions import end_others
from identity.own import NoLocalUser
from identity.places import LoginsBusy
from identity.required_factors import FactorRequiredByRole, OwnFactorReset, require_other
from identity.session_routes import Administrator, EndedSessions, Ending, Person

__all__ = ["ROUTERS"]

PresentPassword = Annotated[
    SecretStr, Field(min_length=1, max_length=200, description="The password as it is now.")
]
Code = Annotated[
    SecretStr,
    Field(min_length=1, max_length=40, description="Six digits of the authenticator."),
]


class SecondFactorView(BaseModel):
    """Whether a person has a second factor."""

    model_config = ConfigDict(from_attributes=True)

    confirmed_at: datetime | None = Field(
        description="Since when codes are asked for (UTC); null: there is no second factor."
    )
    recovery_codes_left: int = Field(description="How many recovery codes were not used yet.")


class EnrolSecondFactor(BaseModel):
    """A second factor is wanted."""

    model_config = ConfigDict(extra="forbid")

    present_password: PresentPassword


class EnrolledSecondFactor(BaseModel):
    """What an authenticator needs, shown this once; it counts when a code has confirmed it."""

    model_config = ConfigDict(from_attributes=True)

    secret: str = Field(description="The secret in base 32, to be typed.")
    otpauth_uri: str = Field(description="The same as an address that is shown as a QR code.")


class ConfirmSecondFactor(BaseModel):
    """The first code."""

    model_config = ConfigDict(extra="forbid")

    code: Code


class IssuedRecoveryCodes(BaseModel):
    """Codes for the day when the authenticator is lost, shown this once."""

    recovery_codes: list[str] = Field(description="Ten codes; each logs in once.")


class RemoveSecondFactor(BaseModel):
    """No second factor is wanted any more."""

    model_config = ConfigDict(extra="forbid")

    present_password: PresentPassword
    code: Annotated[
        SecretStr,
        Field(
            min_length=1,
            max_length=40,
            description="Six digits of the authenticator, or a recovery code.",
        ),
    ]


class ResetSecondFactor(BaseModel):
    """Whose second factor is lost."""

    model_config = ConfigDict(extra="forbid")

    user_id: UUID = Field(description="Id of the user who logs in with the password alone again.")


me_factor_router = api_router(prefix="/v1/me/second-factor", tag="sessions")
factor_router = api_router(prefix="/v1/second-factors", tag="sessions")
ROUTERS = (me_factor_router, factor_router)


@me_factor_router.get(
    "",
    response_model=SecondFactorView,
    summary="Whether one has a second factor",
    responses=refuses(NoLocalUser),
)
async def me_second_factor_get(person: Person, reading: InReading) -> factors.FactorState:
    """Since when codes are asked for, and how many recovery codes are left."""
    return await factors.state_of(reading.sql, person)


@me_factor_router.put(
    "",
    response_model=EnrolledSecondFactor,
    summary="Enrol a second factor",
    responses=refuses(NoLocalUser, FactorExists, TooManyAttempts, LoginsBusy),
)
async def me_second_factor_enrol(
    wanted: EnrolSecondFactor, caller: Caller, request: Request
) -> own_factor.EnrolledFactor:
    """Make a secret for an authenticator. It counts when `confirm` has been sent a code of it."""
    present = wanted.present_password.get_secret_value()
    return await own_factor.enrol(request, caller, present=present)


@me_factor_router.post(
    "/confirm",
    response_model=IssuedRecoveryCodes,
    summary="Confirm a second factor",
    responses=refuses(NoLocalUser, NotFound, FactorExists, TooManyAttempts),
)
async def me_second_factor_confirm(
    wanted: ConfirmSecondFactor, caller: Caller, request: Request
) -> IssuedRecoveryCodes:
    """From now on logging in asks for a code. Every other session of the person ends."""
    code = wanted.code.get_secret_value()
    return IssuedRecoveryCodes(recovery_codes=await own_factor.confirm(request, caller, code=code))


@me_factor_router.post(
    "/remove",
    response_model=SecondFactorView,
    summary="Remove the own second factor",
    responses=refuses(NoLocalUser, NotFound, FactorRequiredByRole, TooManyAttempts, LoginsBusy),
)
async def me_second_factor_remove(
    wanted: RemoveSecondFactor, caller: Caller, request: Request
) -> SecondFactorView:
    """Log in with the password alone again, where no role forbids it. Recovery codes go too."""
    present, code = wanted.present_password.get_secret_value(), wanted.code.get_secret_value()
    await own_factor.remove(request, caller, present=present, code=code)
    return SecondFactorView(confirmed_at=None, recovery_codes_left=0)


@factor_router.post(
    "/reset",
    response_model=EndedSessions,
    summary="Reset the second factor of a person",
    responses=refuses(NotFound, OwnFactorReset),
)
async def second_factor_reset(
    wanted: ResetSecondFactor,
    by: Administrator,
    ending: Ending,
    once: OnlyOnce,
    work: InEnteredWork,
) -> EndedSessions:
    """Take away a second factor that was lost. All sessions of the person end."""
    require_other(by, wanted.user_id)
    await factors.remove(work.sql, wanted.user_id)
    ending.update(await end_others(work.sql, wanted.user_id, now=work.now))
    return EndedSessions(ended=len(ending))
