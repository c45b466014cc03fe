"""What a PDF shows, as plain data."""

from dataclasses import dataclass
from datetime import date

__all__ = ["Column", "Fact", "PdfDocument", "Section", "Table"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A word, and what it says here."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    """A heading, which may be empty, and text; its line breaks stay."""

    heading: str
    body: str


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table; `width` is its share of what is left, 0: as wide as what it has."""

    label: str
    width: int = 0
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with a cell for each column, and sums below them."""

    columns: list[Column]
    rows: list[list[str]]
    sums: list[Fact]


@dataclass(frozen=True, slots=True)
class PdfDocument:
    """A document from its title to its foot; `day` is the day that the file bears."""

    filename: str
    language: str
    title: str
    foot: str
    day: date
    facts: list[Fact]
    table: Table | None
    sections: list[Section]
    signatures: list[str]
