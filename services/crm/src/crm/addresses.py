"""Postal addresses: values that documents copy whole."""

import re
from functools import cache
from typing import Annotated, Any

from babel import Locale
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

from crm.fields import Emptied, Line, OptionalLine

__all__ = ["Address", "AddressChange", "AddressColumn", "AddressPatch", "Country"]

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

    def onto(self, present: Address) -> Address:
        """The address with these parts changed."""
        return present.model_copy(
            update={name: getattr(self, name) for name in self.model_fields_set}
        )


def _cleared(change: AddressChange | None) -> AddressChange:
    """Null clears every part."""
    return change or AddressChange.model_validate(Address().model_dump())


AddressPatch = Annotated[AddressChange | None, AfterValidator(_cleared)]
"""What of an address changes; null clears it."""


class AddressColumn(TypeDecorator[Address]):
    """An address as a JSON object: a value, read and written whole."""

    impl = JSONB
    cache_ok = True

    def process_bind_param(self, value: Address | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """The address as JSON takes it."""
        return None if value is None else value.model_dump()

    def process_result_value(self, value: Any | None, dialect: Dialect) -> Address | None:  # noqa: ARG002
        """The address that was stored."""
        return None if value is None else Address.model_validate(value)
