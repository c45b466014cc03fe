"""What is published of custom fields."""

from typing import Any, ClassVar, Literal, Self

from pydantic import Field

from chassis.events.event import Event
from records.custom_fields.schemas import ChoiceView

__all__ = ["CustomFieldChanged"]


class CustomFieldChanged(Event):
    """A custom field was defined, changed, archived, restored or deleted."""

    event_name: ClassVar[str] = "custom-field-changed"
    topic: ClassVar[str] = "custom-field"
    aggregate: ClassVar[str] = "custom-field"

    record_type: str = Field(description="Which records have it, such as `account`.")
    key: str = Field(description="Its name in `custom`; never changes.")
    kind: str = Field(description="What it holds, such as `text`; never changes.")
    label: str = Field(description="What people read beside it.")
    label_zh: str = Field(description="Empty: the other label holds.")
    required: bool = Field(description="True: it cannot be left empty.")
    default: Any = Field(description="What new records have without a value; null: none.")
    scale: int | None = Field(description="Of a number: digits after the point.")
    min: str | None = Field(description="Of a number or a day: the least value; null: no bound.")
    max: str | None = Field(description="Of a number or a day: the greatest value; null: no bound.")
    min_length: int | None = Field(description="Of a text: the fewest characters; null: no bound.")
    max_length: int | None = Field(description="Of a text: the most characters; null: no bound.")
    pattern: str = Field(description="Of a text: the regular expression it matches; empty: any.")
    choices: list[ChoiceView] = Field(
        description="Of a choice: the values that can be chosen, in order."
    )
    refers_to: str | None = Field(description="Of a reference: the record type it refers to.")
    filtered: bool = Field(description="Whether lists can be filtered by it.")
    sorted: bool = Field(description="Whether lists can be sorted by it.")
    personal: bool = Field(description="Whether it holds data of a person.")
    position: int = Field(description="Its place among the fields of the record type.")
    status: Literal["active", "archived"]
    deleted: bool = Field(description="True: no record has it any more.")

    @classmethod
    def of(cls, field: Any, changed: list[str], *, deleted: bool = False) -> Self:
        """The field as it is now, or was when it was deleted: that is one version more."""
        own = {"changed", "deleted", "version"}
        state = {name: getattr(field, name) for name in cls.model_fields.keys() - own}
        version = field.version + deleted
        values = state | {"changed": changed, "deleted": deleted, "version": version}
        return cls.model_validate(values)
