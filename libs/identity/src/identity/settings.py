"""What identity reads from the environment of its service."""

from typing import cast

from pydantic import Field, SecretStr

from chassis.service import Service
from chassis.settings import ServiceSettings

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
