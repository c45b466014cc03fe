"""What a person allows us: how it is kept, and how it changes."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from values.text import unset

__all__ = ["Consent", "ConsentChange", "ConsentPatch"]

Permission = Literal["unknown", "granted", "refused"]


def _unknown(permission: Permission | None) -> Permission:
    return permission or "unknown"


PermissionPatch = Annotated[Permission | None, AfterValidator(_unknown)]


class Consent(BaseModel):
    """What the person allows us."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True)

    email: Permission = "unknown"
    phone: Permission = "unknown"


class ConsentChange(BaseModel):
    """The parts of the consent that change; a part left out stays, null makes it unknown."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    email: PermissionPatch = Field(default_factory=unset)
    phone: PermissionPatch = Field(default_factory=unset)

    def onto(self, present: Consent) -> Consent:
        """The consent with these parts changed."""
        return present.model_copy(
            update={name: getattr(self, name) for name in self.model_fields_set}
        )


def _all_unknown(change: ConsentChange | None) -> ConsentChange:
    """Null makes all of it unknown."""
    return change or ConsentChange(email="unknown", phone="unknown")


ConsentPatch = Annotated[ConsentChange | None, AfterValidator(_all_unknown)]
"""What of a consent changes; null makes all of it unknown."""
