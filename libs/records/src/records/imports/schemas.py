"""What callers ask of imports, and what they see."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool, StringConstraints

from chassis.problems.problem import ProblemView
from records.exports.schemas import RecordTypeName
from records.imports.states import ImportState, RowOutcome, UndoOutcome
from values.external import System
from values.sheets.encodings import MULTI_BYTE, SINGLE_BYTE
from values.text import Command, Name

__all__ = [
    "CellError",
    "ImportOptions",
    "ImportQuery",
    "ImportRowView",
    "ImportView",
    "MappingQuery",
    "MappingView",
    "NewImport",
    "NewMapping",
    "StartImport",
    "UndoRowView",
]

FieldMapping = Annotated[
    dict[str, Annotated[str, StringConstraints(min_length=1, max_length=200)]],
    Field(
        max_length=400,
        description="Column of the file for each field, such as `billing_address.city`. "
        "`external_id` is the record's id in the system, `id` its id here.",
        examples=[{"external_id": "No.", "name": "Company", "phone": "Phone"}],
    ),
]


class ImportOptions(Command):
    """How the file is written. What is not said is not guessed."""

    encoding: Literal[MULTI_BYTE + SINGLE_BYTE] | None = Field(  # type: ignore[valid-type]
        default=None, description="By default what the file's mark says, else utf-8."
    )
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] | None = Field(
        default=None, description="By default the one of , ; tab | that the header has most of."
    )
    sheet: Annotated[str, StringConstraints(max_length=200)] | None = Field(
        default=None, description="Name of the sheet of a workbook; by default the first."
    )
    decimal: Literal[".", ","] | None = Field(
        default=None, description="The decimal sign; without it `1.234` is refused as ambiguous."
    )
    thousands: Literal["", ".", ",", " ", "'"] | None = Field(
        default=None, description="The sign between thousands; by default none."
    )
    date_formats: Annotated[
        list[Annotated[str, StringConstraints(max_length=40)]], Field(max_length=10)
    ] = Field(
        default_factory=list,
        description="Forms of days such as %d.%m.%Y, or `excel` for its day numbers; "
        "by default %Y-%m-%d.",
    )
    century: Annotated[int, Field(strict=True, ge=1800, le=2100)] | None = Field(
        default=None, description="First of the hundred years that two digits mean."
    )
    region: Annotated[str, StringConstraints(pattern="^[A-Z]{2}$")] | None = Field(
        default=None, description="Country of phone numbers that have no country code."
    )
    short_rows: Literal["refuse", "fill"] | None = Field(
        default=None, description="Whether rows with too few cells are refused, as by default."
    )
    own_export: StrictBool = Field(
        default=False,
        description="The file was exported here: numbers have a point, phones are as typed.",
    )


class NewImport(Command):
    """Bring a file. Nothing is written before it is run."""

    record_type: RecordTypeName
    system: System = Field(description="Where the records come from, such as `legacy`.")
    file_name: Annotated[
        str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f/\\]+$")
    ] = Field(description="Name of the file, for people.")
    content: Annotated[str, StringConstraints(min_length=1)] = Field(
        description="The file, CSV or a workbook, in base64.", examples=["SUQsTmFtZQ0KMSxNaWxs"]
    )
    options: ImportOptions = Field(
        default_factory=ImportOptions, description="How the file is written, as far as is known."
    )


class StartImport(Command):
    """Check or run the import; what is left out stays as suggested, or as said before."""

    mapping: FieldMapping | None = Field(
        default=None, description="Column for each field; null: as suggested, or said before."
    )
    options: ImportOptions | None = Field(
        default=None, description="How the file is read; null: as suggested, or said before."
    )


class ImportQuery(BaseModel):
    """Which imports are wanted."""

    record_type: RecordTypeName | None = Field(
        default=None, description="Only those of this type of record."
    )
    state: ImportState | None = Field(default=None, description="Only those in this state.")


class ImportView(BaseModel):
    """An import, and how far it has come."""

    id: UUID = Field(description="Also the import id in the history of the records.")
    record_type: str = Field(description="The type of record, such as `account`.")
    system: str = Field(description="Where the records come from.")
    file_name: str = Field(description="What the file is called, for people.")
    size_bytes: int = Field(description="Length of the file.")
    header: list[str] = Field(description="The columns of the file.")
    sample: list[dict[str, str]] = Field(description="The first rows, by column.")
    mapping: dict[str, str] = Field(description="Column of the file for each field.")
    options: ImportOptions = Field(description="How the file is read.")
    state: ImportState = Field(
        description="draft, checking, checked, running, done, failed (see `problem`), undoing, "
        "undone, or expired: the file and its rows are gone."
    )
    rows_total: int | None = Field(description="Rows of the file; null: not counted yet.")
    rows_done: int = Field(description="Rows judged so far.")
    created: int = Field(description="Records made, or that a run would make.")
    updated: int = Field(description="Records changed, or that a run would change.")
    unchanged: int = Field(description="Rows that say what is known, or were there before.")
    failed: int = Field(description="Rows refused; `/errors` and `/error-file` say why.")
    problem: ProblemView | None = Field(description="Why the whole of it failed; else null.")
    undo: dict[str, int] = Field(
        description="Once undone: how many records were put_away, deleted, restored, kept."
    )
    made_by: str = Field(description="Who began it, such as `user:` and a UUID.")
    created_at: datetime
    finished_at: datetime | None = Field(description="When the last check, run or undo ended.")
    expires_at: datetime | None = Field(
        description="When file and rows are deleted; null: they are. It can be undone all the same."
    )


class CellError(BaseModel):
    """What is wrong with a row, or one cell of it."""

    column: str = Field(description="Column of the file; empty: the row as a whole.")
    field: str = Field(description="Field of the record; empty: none in particular.")
    code: str = Field(description="Stable code of what is wrong.")
    message: str = Field(description="What is wrong, in words.")


class ImportRowView(BaseModel):
    """A row that was refused."""

    row: int = Field(description="Its number as a spreadsheet shows it.")
    outcome: RowOutcome = Field(description="failed.")
    errors: list[CellError] = Field(description="What is wrong with it.")


class UndoRowView(BaseModel):
    """What became of a record when its import was undone."""

    record_id: UUID
    outcome: UndoOutcome = Field(
        description="put_away, deleted, restored: `fields` are as before; kept: left as it is."
    )
    fields: list[str] = Field(description="Fields that are again what they were.")
    kept: list[dict[str, Any]] = Field(
        description="Fields that were left alone, with a code: changed_later, not_restorable."
    )


class NewMapping(Command):
    """Keep a mapping for files of the same kind."""

    name: Name = Field(description="What it is called; one's own names differ by record type.")
    record_type: RecordTypeName
    mapping: FieldMapping
    options: ImportOptions = Field(
        default_factory=ImportOptions, description="How such files are written."
    )
    shared: StrictBool = Field(default=False, description="Whether others may use it too.")


class MappingQuery(BaseModel):
    """Which mappings are wanted."""

    record_type: RecordTypeName | None = Field(
        default=None, description="Only those of this type of record."
    )


class MappingView(BaseModel):
    """A saved mapping."""

    id: UUID
    name: str
    record_type: str = Field(description="The type of record, such as `account`.")
    mapping: dict[str, str] = Field(description="Column of the file for each field.")
    options: ImportOptions = Field(description="How files are read by it.")
    shared: bool = Field(description="Whether others may use it too.")
    made_by: str = Field(description="Whose it is.")
    created_at: datetime
