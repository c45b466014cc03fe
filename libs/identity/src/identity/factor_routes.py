"""Routes of second factors: the own one, and for administrators the reset of another's."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from chassis.http.dependencies import Caller, InReading, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.work.unit_of_work import Work
from identity import factors, own_factor
from identity.attempts import TooManyAttempts
from identity.audit.acting import InEnteredWork
from identity.factor_resets import FactorInvitationNeeded, reset_factor
from identity.factors import FactorExists
from identity.fresh_proof import FreshlyProven
from identity.invitation_views import InvitationView
from identity.invitations import InvitationInvalid
from identity.own import NoLocalUser
from identity.places import LoginsBusy
from identity.repeats import keep_for_repeats
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
    invitation: Annotated[
        SecretStr | None,
        Field(
            min_length=1,
            max_length=200,
            description="After an administrator reset the factor, where a role requires one: the "
            "token of the invitation. It counts once.",
        ),
    ] = None


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


CodeOrRecovery = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=40,
        description="Six digits of the authenticator, or a recovery code.",
    ),
]


class RemoveSecondFactor(BaseModel):
    """No second factor is wanted any more."""

    model_config = ConfigDict(extra="forbid")

    present_password: PresentPassword
    code: CodeOrRecovery


class ReplaceRecoveryCodes(BaseModel):
    """Other recovery codes are wanted, because some were used or seen."""

    model_config = ConfigDict(extra="forbid")

    present_password: PresentPassword
    code: CodeOrRecovery


class ResetSecondFactor(BaseModel):
    """Whose second factor is lost."""

    model_config = ConfigDict(extra="forbid")

    user_id: UUID = Field(description="Id of the user who logs in with the password alone again.")


class ResetFactor(EndedSessions):
    """What became of a reset."""

    invitation: InvitationView | None = Field(
        default=None,
        description="By what the person enrols another factor; null where no role requires one: "
        "then the password is enough.",
    )


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
    responses=refuses(
        *(NoLocalUser, FactorExists, FactorInvitationNeeded, InvitationInvalid),
        *(TooManyAttempts, LoginsBusy),
    ),
)
async def me_second_factor_enrol(
    wanted: EnrolSecondFactor, caller: Caller, request: Request
) -> own_factor.EnrolledFactor:
    """Make a secret for an authenticator. It counts when `confirm` has been sent a code of it."""
    present = wanted.present_password.get_secret_value()
    invitation = wanted.invitation.get_secret_value() if wanted.invitation else None
    return await own_factor.enrol(request, caller, present=present, invitation=invitation)


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


@me_factor_router.post(
    "/recovery-codes",
    response_model=IssuedRecoveryCodes,
    summary="Replace the own recovery codes",
    responses=refuses(NoLocalUser, NotFound, TooManyAttempts, LoginsBusy),
)
async def me_recovery_codes_replace(
    wanted: ReplaceRecoveryCodes, caller: Caller, request: Request
) -> IssuedRecoveryCodes:
    """Get ten other recovery codes, shown this once; of those before none counts any more."""
    said = {"present": wanted.present_password.get_secret_value()}
    said["code"] = wanted.code.get_secret_value()
    codes = await own_factor.replace_recovery_codes(request, caller, **said)
    return IssuedRecoveryCodes(recovery_codes=codes)


@factor_router.post(
    "/reset",
    response_model=ResetFactor,
    summary="Reset the second factor of a person",
    responses=refuses(NotFound, OwnFactorReset),
)
async def second_factor_reset(  # noqa: PLR0917 - routes list their dependencies
    wanted: ResetSecondFactor,
    by: Administrator,
    fresh: FreshlyProven,
    ending: Ending,
    once: OnlyOnce,
    work: InEnteredWork,
    request: Request,
) -> ResetFactor:
    """Take away a second factor that was lost. All sessions of the person end.

    Where a role requires a factor, the invitation is given to the person, who enrols by it.
    """
    require_other(by, wanted.user_id)
    return await _reset(request, work, wanted.user_id, ending)


async def _reset(request: Request, work: Work, user_id: UUID, ending: set[bytes]) -> ResetFactor:
    state = request.app.state
    given: Any = {"required": state.authenticator.roles_with_factor, "settings": state.settings}
    given |= {"by": work.actor.reference, "now": work.now}
    done = await reset_factor(work.sql, user_id, **given)
    ending.update(done.ended)
    view = ResetFactor(ended=len(ending))
    if done.invitation is None:
        return view
    invitation = InvitationView.model_validate(done.invitation)
    kept = view.model_copy(update={"invitation": invitation.model_copy(update={"token": None})})
    keep_for_repeats(request, work, kept.model_dump_json())
    return view.model_copy(update={"invitation": invitation})
