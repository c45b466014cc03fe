"""What all reading models have in common."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict

__all__ = ["Address", "Message", "Money", "Part", "Text"]


def _given(value: Any) -> Any:
    return "" if value is None else value


Text = Annotated[str, BeforeValidator(_given)]
"""A text; null reads as empty."""


class Part(BaseModel):
    """Something read tolerantly: unknown fields are passed over."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        return self.model_dump(mode="json")


class Address(Part):
    """A postal address; both halves write it alike."""

    line1: Text = ""
    line2: Text = ""
    city: Text = ""
    region: Text = ""
    postal_code: Text = ""
    country: Text = ""
    contact: Text = ""
    phone: Text = ""


class Money(Part):
    """An amount in a currency. The amount stays the text it came as, so no digit is lost (B55)."""

    amount: str
    currency: str


class Message(Part):
    """The state of one record after a change, as its service published it."""

    id: UUID
    version: int
