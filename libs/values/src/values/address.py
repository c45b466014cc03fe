"""Postal addresses: values that documents copy whole."""

import re
from functools import cache
from typing import Annotated, Self

from babel import Locale
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from values.text import Emptied, Line, OptionalLine

__all__ = ["Address", "AddressChange", "AddressPatch", "Country"]

_ALPHA_2 = re.compile("[A-Z]{2}")
_NO_COUNTRIES = frozenset(
    ("AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ")
)
"""Codes that the locale data has for regions ISO 3166-1 does not list."""


@cache
def _countries() -> frozenset[str]:
    codes = {str(code) for code in Locale("en").territories if _ALPHA_2.fullmatch(str(code))}
    return frozenset(codes - _NO_COUNTRIES)


def _known_country(code: str) -> str:
    if code and code not in _countries():
        raise PydanticCustomError(
            "unknown_country", "Not a country code of ISO 3166-1 such as CN or DE."
        )
    return code


Country = Annotated[str, StringConstraints(pattern="^([A-Z]{2})?$"), AfterValidator(_known_country)]
"""An ISO 3166-1 alpha-2 code; empty where none is known."""


class Address(BaseModel):
    """Where something is sent to, as it is written on the envelope; parts not known are empty."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line1: Line = ""
    line2: Line = ""
    city: Line = ""
    region: Line = ""
    postal_code: Line = ""
    country: Country = ""
    contact: Line = ""
    phone: Line = ""

    def onto(self, present: "Address") -> "Address":
        """The present address with the parts that were given here."""
        return present.model_copy(
            update={name: getattr(self, name) for name in self.model_fields_set}
        )


class AddressChange(BaseModel):
    """The parts of an address that change; one left out stays, an empty one or null is cleared."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    line1: OptionalLine = Field(default_factory=str)
    line2: OptionalLine = Field(default_factory=str)
    city: OptionalLine = Field(default_factory=str)
    region: OptionalLine = Field(default_factory=str)
    postal_code: OptionalLine = Field(default_factory=str)
    country: Annotated[Country | None, Emptied] = Field(default_factory=str)
    contact: OptionalLine = Field(default_factory=str)
    phone: OptionalLine = Field(default_factory=str)

    @classmethod
    def of(cls, whole: Address) -> Self:
        """The change after which an address is this one."""
        return cls.model_validate(whole.model_dump())

    def onto(self, present: Address) -> Address:
        """The address with these parts changed."""
        return present.model_copy(
            update={name: getattr(self, name) for name in self.model_fields_set}
        )


def _cleared(change: AddressChange | None) -> AddressChange:
    """Null clears every part."""
    return change or AddressChange.of(Address())


AddressPatch = Annotated[AddressChange | None, AfterValidator(_cleared)]
"""What of an address changes; null clears it."""
