"""What identity reads from the environment of its service."""

from pathlib import Path
from typing import Literal, cast

from pydantic import Field, SecretStr

from chassis.service import Service
from chassis.settings import ServiceSettings
from identity.totp import Steps

__all__ = ["IdentitySettings", "identity_settings", "roles_with_factor"]


class IdentitySettings(ServiceSettings):
    """Settings of a service whose callers are known by this library."""

    second_factor_roles: str = Field(
        default="",
        pattern=r"^[a-z_]*(,[a-z_]+)*$",
        description="Roles whose people need a second factor, such as admin,auditor; until one is "
        "enrolled, their sessions can enrol it and nothing else. Empty: none.",
    )
    session_idle_minutes: int = Field(
        default=240,
        ge=5,
        le=720,
        description="A session that was not used for so long has ended; all end twelve hours "
        "after the log-in.",
    )
    second_factor_keys: SecretStr | None = Field(
        default=None,
        description="Keys that encrypt second factors, each of 32 bytes in base 64, by comma or "
        "line: the newest first, which encrypts; the others only decrypt. Unset: in development "
        "one in the data folder; production refuses to serve.",
    )
    second_factor_steps_apart: Literal[0, 1] | None = Field(
        default=None,
        description="How many neighbouring steps of 30 seconds a code of an authenticator counts "
        "in as well, before and after its own: 1 for authenticators whose clocks differ, 0 for "
        "none. Unset: in production one, before the step of now, for what is on its way; 1 else.",
    )
    breached_passwords_file: Path | None = Field(
        default=None,
        description="File of passwords known from breaches: a line `HASH:COUNT` each, SHA-1 in "
        "hexadecimal digits, in ascending order. None of them becomes a password here. Unset: "
        "common passwords are refused, no others.",
    )
    invitation_hours: int = Field(
        default=72,
        ge=1,
        le=720,
        description="How long an invitation counts by which a person sets a password, or enrols a "
        "second factor that was reset.",
    )
    passwords_by_invitation: bool | None = Field(
        default=None,
        description="True: nobody chooses a password for another person, who sets it by an "
        "invitation. Unset: true in production, false else.",
    )
    fresh_proof_minutes: int = Field(
        default=10,
        ge=1,
        le=720,
        description="How long a session may change passwords, roles, invitations, second factors "
        "and API keys of others after its person proved password and code.",
    )
    api_key_age_days_max: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="`doctor` names API keys whose secret is older.",
    )
    jwt_rsa_bits_min: Literal[2048, 3072] = Field(
        default=2048,
        description="RSA keys of the token issuer with less bits are refused; `doctor` names them, "
        "and those below 3072 that are taken.",
    )

    @property
    def invites_only(self) -> bool:
        """Whether nobody chooses a password for another person."""
        if self.passwords_by_invitation is not None:
            return self.passwords_by_invitation
        return self.environment == "production"

    @property
    def code_steps(self) -> Steps:
        """The steps whose codes count beside that of now."""
        if self.second_factor_steps_apart is not None:
            return Steps(self.second_factor_steps_apart, self.second_factor_steps_apart)
        return Steps(before=1, after=0 if self.environment == "production" else 1)


def identity_settings(settings: ServiceSettings) -> IdentitySettings:
    """The settings of a service as identity reads them."""
    return cast("IdentitySettings", settings)


def roles_with_factor(service: Service, settings: ServiceSettings) -> frozenset[str]:
    """Roles whose people need a second factor. Raises ValueError where one is none here."""
    named = identity_settings(settings).second_factor_roles
    roles = frozenset(named.split(",")) - {""}
    if unknown := sorted(roles - service.roles.keys()):
        message = (
            f"{service.name.upper()}_SECOND_FACTOR_ROLES names {', '.join(unknown)}, which is no "
            f"role here; there are {', '.join(sorted(service.roles))}"
        )
        raise ValueError(message)
    return roles
