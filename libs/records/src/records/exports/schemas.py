"""What callers ask of exports, and what they see."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StringConstraints

from chassis.problems.problem import ProblemView
from records.exports.states import ExportState
from records.sheets.writing import FileFormat
from values.text import Command

__all__ = ["ExportQuery", "ExportView", "NewExport", "RecordTypeName"]

RecordTypeName = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z_]{0,62}$"),
    Field(description="The type of record, such as `account`."),
]
ListQuery = Annotated[
    dict[str, Any],
    Field(
        max_length=40,
        description="Which records: parameters of the type's list, such as `status`, `q`, `sort`, "
        "`created_from`. Without any: all that the caller may see.",
        examples=[{"status": "active", "sort": "name"}],
    ),
]


class NewExport(Command):
    """Have records written to a file."""

    record_type: RecordTypeName
    format: FileFormat = Field(description="csv or xlsx.")
    query: ListQuery = Field(default_factory=dict)
    fields: Annotated[str, StringConstraints(max_length=4000)] | None = Field(
        default=None, description="Only these columns, in this order, such as `id,name`; null: all."
    )
    bom: StrictBool = Field(
        default=True, description="Whether CSV begins with the mark by which Excel knows UTF-8."
    )


class ExportQuery(BaseModel):
    """Which exports are wanted."""

    record_type: RecordTypeName | None = Field(
        default=None, description="Only those of this type of record."
    )
    state: ExportState | None = Field(default=None, description="Only those in this state.")


class ExportView(BaseModel):
    """An export and how far it has come."""

    id: UUID
    record_type: str = Field(description="The type of record, such as `account`.")
    format: FileFormat = Field(description="csv or xlsx.")
    query: dict[str, Any] = Field(description="Which records, by parameters of the type's list.")
    fields: str | None = Field(description="The columns asked for; null: all.")
    bom: bool = Field(description="Whether CSV begins with the mark by which Excel knows UTF-8.")
    state: ExportState = Field(
        description="queued, running, done, failed (see `problem`), or expired: the file is gone."
    )
    rows_written: int = Field(description="Records written so far.")
    rows_total: int | None = Field(
        description="Records there were when it began; null: not counted yet, or too many to count."
    )
    size_bytes: int | None = Field(description="Length of the file; null: it is not done.")
    problem: ProblemView | None = Field(description="Why it failed; else null.")
    made_by: str = Field(description="Who asked for it, such as `user:` and a UUID.")
    created_at: datetime
    finished_at: datetime | None = Field(description="When it ended; null: it has not.")
    expires_at: datetime | None = Field(description="When the file is deleted.")
