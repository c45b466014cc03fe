"""What callers say and see of merges."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.http.etag import EtagVersion, Revision
from values.text import Command

__all__ = [
    "FieldName",
    "MergePreview",
    "MergePreviewQuery",
    "MergeQuery",
    "MergeRecords",
    "MergeView",
    "MergedField",
    "MovedRows",
]

FIELDS_MAX = 400
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")]
Side = Literal["winner", "loser"]

_CHOICE = "a field is `custom.<key>` where it is a custom one."


class MergeRecords(Command):
    """Merge another record into this one."""

    loser_id: UUID = Field(description="The record that goes; its id stands for this one then.")
    loser_version: int = Field(
        strict=True,
        ge=1,
        description="The number in the other record's ETag; If-Match has this one's.",
    )
    fields: dict[FieldName, Side] = Field(
        default_factory=dict,
        max_length=FIELDS_MAX,
        description="Whose value a field has then. Not named: this record's, or the other's where "
        f"this one has none; {_CHOICE}",
    )


class MergePreviewQuery(BaseModel):
    """What would be merged."""

    loser_id: UUID = Field(description="The record that would go.")
    from_loser: str = Field(
        default="",
        max_length=8000,
        description=f"Fields whose value would be the other record's, by comma; {_CHOICE}",
    )
    from_winner: str = Field(
        default="",
        max_length=8000,
        description="Fields whose value would be this record's even where it has none, by comma.",
    )

    @property
    def fields(self) -> Mapping[str, Side]:
        """Whose value each field that is named would have."""
        chosen: dict[str, Side] = {}
        for side, names in (("winner", self.from_winner), ("loser", self.from_loser)):
            chosen |= {one.strip(): side for one in names.split(",") if one.strip()}  # type: ignore[misc] # a literal
        return chosen


class MovedRows(BaseModel):
    """Rows that go from one record to the other."""

    model_config = ConfigDict(frozen=True)

    table: str = Field(description="Such as `contact`, `note` or `record_tag`.")
    column: str = Field(description="The column by which they name the record.")
    count: int = Field(description="How many rows.")
    removed: int = Field(
        default=0, description="Rows that the other record has as well: they are not doubled."
    )


class MergedField(BaseModel):
    """A field in which the two differ."""

    field: str = Field(description="Its name in the record; `custom.<key>`: a custom one.")
    winner: Any = Field(description="The value of the record that stays.")
    loser: Any = Field(description="The value of the record that goes.")
    after: Any = Field(description="The value after the merge.")
    source: Literal["winner", "loser", "rule"] = Field(
        description="Whose value that is; rule: what the type's rule makes of both, such as the "
        "stricter consent."
    )
    conflict: bool = Field(description="True: both have a value and nobody chose.")


class MergePreview(BaseModel):
    """What a merge would do. Nothing was changed."""

    winner_id: UUID = Field(description="The record that would stay.")
    loser_id: UUID = Field(description="The record that would go.")
    loser_version: int = Field(description="The number in the other record's ETag.")
    fields: list[MergedField] = Field(description="The fields in which they differ, by name.")
    moves: list[MovedRows] = Field(description="What would go over, by table.")
    obstacle: str | None = Field(
        description="Code of the problem that the merge would be refused with; null: none."
    )


class KeptRow(BaseModel):
    """What an undo left as it is."""

    what: str = Field(description="A field of the record that stays, or a table.")
    code: str = Field(description="`changed_later`, `gone` or `taken`.")
    count: int = Field(default=1, description="How many rows.")


class MergeView(BaseModel):
    """A merge of two records."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    record_type: str = Field(description="Type of the two records, such as `account`.")
    winner_id: UUID = Field(description="The record that stays.")
    loser_id: UUID = Field(description="The record whose id stands for that one now.")
    merged_at: datetime = Field(description="When they were merged.")
    actor: str = Field(description="Who merged: `user:…`, `key:…` or `token:…`.")
    actor_name: str = Field(description="The actor's name at that time; empty: it was erased.")
    moved: list[MovedRows] = Field(description="What went over, by table.")
    undoable_until: datetime | None = Field(
        description="Until when it can be undone; null: it was, or what it needs was erased."
    )
    undone_at: datetime | None = Field(description="When it was undone; null: it holds.")
    kept: list[KeptRow] = Field(
        description="What the undo left as others had changed it since the merge."
    )
    version: EtagVersion
    revision: Revision


class MergeQuery(BaseModel):
    """Which merges are wanted."""

    record_type: str | None = Field(default=None, max_length=63, description="Such as `account`.")
    record_id: UUID | None = Field(default=None, description="One of the two records.")
    undone: bool | None = Field(default=None, description="Whether they were undone.")
