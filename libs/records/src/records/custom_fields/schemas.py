"""Commands and views of custom fields."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from chassis.http.etag import EtagVersion, Revision
from records.custom.kinds import LARGEST_SCALE, Kind
from records.filters import Statuses
from values.text import Command, Name, OptionalName, Status, unset

__all__ = [
    "ChangeCustomField",
    "ChoiceView",
    "CustomFieldQuery",
    "CustomFieldView",
    "NewCustomField",
]

RecordTypeName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,62}$")]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,47}$")]
Length = Annotated[int, Field(strict=True, ge=0, le=10_000)]
Limit = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]
Pattern = Annotated[str, StringConstraints(max_length=500)]
Position = Annotated[int, Field(strict=True, ge=0, le=1_000_000)]

_RECORD_TYPE = "Which records have it, such as `account`; never changes."
_KEY = "Its name in `custom`, in filters and in sorts: small letters, digits, `_`; never changes."
_KIND = f"One of {', '.join(Kind)}; never changes."
_LABEL = "What people call it."
_LABEL_ZH = "What people call it in Chinese; empty: the other label holds."
_REQUIRED = "True: a new record must have a value, and none can be taken away."
_DEFAULT = "What a new record has for which none is given, in the form of its values; null: none."
_SCALE = "Of a number: digits after the point, by default 0; never changes."
_MIN = "Of numbers, days and instants: the least value, as text; null: no limit."
_MAX = "Of numbers, days and instants: the greatest value, as text; null: no limit."
_PATTERN = (
    "Of text: a regular expression that values have a match of; `^` and `$` tie it to the ends."
)
_CHOICES = "Of a choice: what may be chosen, in order."
_REFERS_TO = "Of a reference: the record type whose ids are its values; never changes."
_FILTERED = "True: lists can be filtered by `custom.<key>`."
_SORTED = "True: lists can be sorted by it, and filtered by a range."
_PERSONAL = "True: it says something of a person."
_POSITION = "Its place among the fields of the record type."


class ChoiceGiven(Command):
    """What may be chosen."""

    key: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")] = Field(
        description="The value that records keep."
    )
    label: Name = Field(description=_LABEL)
    label_zh: OptionalName = Field(default_factory=unset, description=_LABEL_ZH)
    archived: StrictBool = Field(
        default_factory=unset,
        description="True: it stays where it was chosen, and is offered no more.",
    )


Choices = Annotated[list[ChoiceGiven], Field(max_length=500)]


class CustomFieldSettings(Command):
    """What may change of a custom field. What is left out of a change stays as it is."""

    label_zh: OptionalName = Field(default_factory=unset, description=_LABEL_ZH)
    required: StrictBool = Field(default_factory=unset, description=_REQUIRED)
    default: Any = Field(default_factory=unset, description=_DEFAULT)
    min: Limit | None = Field(default_factory=unset, description=_MIN)
    max: Limit | None = Field(default_factory=unset, description=_MAX)
    min_length: Length | None = Field(
        default_factory=unset, description="Of text: the fewest characters; null: no limit."
    )
    max_length: Length | None = Field(
        default_factory=unset, description="Of text: the most characters; null: no limit."
    )
    pattern: Pattern = Field(default_factory=unset, description=_PATTERN)
    choices: Choices = Field(default_factory=unset, description=_CHOICES)
    filtered: StrictBool = Field(default_factory=unset, description=_FILTERED)
    sorted: StrictBool = Field(default_factory=unset, description=_SORTED)
    personal: StrictBool = Field(default_factory=unset, description=_PERSONAL)
    position: Position = Field(default_factory=unset, description=_POSITION)


class NewCustomField(CustomFieldSettings):
    """Let records of a type have a field more."""

    record_type: RecordTypeName = Field(description=_RECORD_TYPE)
    key: Key = Field(description=_KEY)
    kind: Kind = Field(description=_KIND)
    label: Name = Field(description=_LABEL)
    scale: Annotated[int, Field(strict=True, ge=0, le=LARGEST_SCALE)] = Field(
        default_factory=unset, description=_SCALE
    )
    refers_to: RecordTypeName = Field(default_factory=unset, description=_REFERS_TO)


class ChangeCustomField(CustomFieldSettings):
    """Change a custom field (JSON merge patch); lists of choices are replaced whole."""

    label: Name = Field(default_factory=unset, description=_LABEL)


class ChoiceView(BaseModel):
    """What may be chosen."""

    model_config = ConfigDict(from_attributes=True)

    key: str = Field(description="The value that records keep.")
    label: str = Field(description=_LABEL)
    label_zh: str = Field(description=_LABEL_ZH)
    archived: bool = Field(
        description="True: it stays where it was chosen, and is offered no more."
    )


class CustomFieldView(BaseModel):
    """A custom field of a record type."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    record_type: str = Field(description=_RECORD_TYPE)
    key: str = Field(description=_KEY)
    kind: Kind = Field(description=_KIND)
    label: str = Field(description=_LABEL)
    label_zh: str = Field(description=_LABEL_ZH)
    required: bool = Field(description=_REQUIRED)
    default: Any = Field(description=_DEFAULT)
    scale: int | None = Field(description=_SCALE)
    min: str | None = Field(description=_MIN)
    max: str | None = Field(description=_MAX)
    min_length: int | None = Field(description="Of text: the fewest characters; null: no limit.")
    max_length: int | None = Field(description="Of text: the most characters; null: no limit.")
    pattern: str = Field(description=_PATTERN)
    choices: list[ChoiceView] = Field(description=_CHOICES)
    refers_to: str | None = Field(description=_REFERS_TO)
    filtered: bool = Field(description=_FILTERED)
    sorted: bool = Field(description=_SORTED)
    personal: bool = Field(description=_PERSONAL)
    position: int = Field(description=_POSITION)
    status: Status = Field(description="archived: values stay and are shown, none is taken more.")
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class CustomFieldQuery(BaseModel):
    """Which custom fields are wanted."""

    record_type: str | None = Field(
        default=None, max_length=63, description="Only those of this record type."
    )
    status: Statuses | None = Field(default=None, description="Active ones, archived, or both.")
