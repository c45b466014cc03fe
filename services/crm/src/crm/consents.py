"""What a person allows us: how it is kept, and how it changes."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from values.text import unset

__all__ = ["Consent", "ConsentChange", "ConsentPatch", "ConsentState"]


class ConsentState(StrEnum):
    """Whether the person allows it."""

    UNKNOWN = "unknown"
    GRANTED = "granted"
    REFUSED = "refused"


def _unknown(permission: ConsentState | None) -> ConsentState:
    return permission or ConsentState.UNKNOWN


ConsentStatePatch = Annotated[ConsentState | None, AfterValidator(_unknown)]


class Consent(BaseModel):
    """What the person allows us."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    email: ConsentState = ConsentState.UNKNOWN
    phone: ConsentState = ConsentState.UNKNOWN


class ConsentChange(BaseModel):
    """The parts of the consent that change; a part left out stays, null makes it unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: ConsentStatePatch = Field(default_factory=unset)
    phone: ConsentStatePatch = Field(default_factory=unset)

    def onto(self, present: Consent) -> Consent:
        """The consent with these parts changed."""
        return present.model_copy(
            update={name: getattr(self, name) for name in self.model_fields_set}
        )


def _all_unknown(change: ConsentChange | None) -> ConsentChange:
    """Null makes all of it unknown."""
    return change or ConsentChange(email=ConsentState.UNKNOWN, phone=ConsentState.UNKNOWN)


ConsentPatch = Annotated[ConsentChange | None, AfterValidator(_all_unknown)]
"""What of a consent changes; null makes all of it unknown."""
