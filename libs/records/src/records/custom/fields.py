"""Custom fields in commands, views and events of records."""

from typing import Any

from pydantic import BaseModel, Field

from values.text import Command, unset

__all__ = ["CustomState", "CustomValues", "CustomView"]

_SHOWN = "Values of custom fields by key; one that has no value is left out."


class CustomValues(Command):
    """A command that may give values of custom fields."""

    custom: dict[str, Any] = Field(
        default_factory=unset,
        max_length=300,
        description="Values of custom fields by key, as `/v1/custom-fields` describes them; null "
        "takes one away, those left out stay.",
    )


class CustomView(BaseModel):
    """A record that shows its custom fields."""

    custom: dict[str, Any] = Field(description=_SHOWN)


class CustomState(BaseModel):
    """A published state with custom fields."""

    custom: dict[str, Any] = Field(default_factory=dict, description=_SHOWN)
