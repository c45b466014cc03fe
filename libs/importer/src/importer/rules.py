"""The rules of one field: where its text comes from, and how it is read."""

import re
from collections.abc import Iterable
from decimal import Decimal
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self, TypeVar

import phonenumbers
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from values.sheets.dates import problem_of_format
from values.sheets.encodings import MULTI_BYTE, SINGLE_BYTE

__all__ = [
    "FieldRule",
    "FileForm",
    "Lookup",
    "Reference",
    "Sign",
    "Source",
    "Strict",
    "TextForm",
    "fill",
    "inherit",
    "inside",
    "placeholders",
]

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_NUMERIC = ("negative", "sign", "part", "times", "digits")
_PHONES = frozenset({"phone", "mobile", "fax"})


class Strict(BaseModel):
    """A part of the mapping: an unknown word in it is an error, not a wish ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileForm(Strict):
    """How a file is written. `short_rows: fill` takes cells that a row lacks as empty."""

    encoding: Literal[MULTI_BYTE + SINGLE_BYTE] | None = None  # type: ignore[valid-type]
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] | None = None
    short_rows: Literal["refuse", "fill"] | None = None


class Lookup(Strict):
    """Another CSV file that turns a key into a value.

    `missing`: a key that the file has not is refused, or becomes empty, or stays as it is.
    """

    file: str
    key: str
    value: str
    missing: Literal["error", "empty", "keep"] = "error"

    @field_validator("file")
    @classmethod
    def _is_inside(cls, file: str) -> str:
        return inside(file)


class Join(Strict):
    """Several columns as one text: those that are not empty, with a mark between them."""

    columns: Annotated[list[str], Field(min_length=2)]
    mark: Annotated[str, Field(max_length=8)] = " "


class Source(Strict):
    """A text of a row: `column`, `const`, `template` ("NW-{ProductID}") or `join`.

    `lookup` then replaces it by the value another file has for it; with several, one after the
    other. Empty it becomes `default`. `values` translates whole texts.
    """

    column: str | None = None
    const: str | bool | None = None
    template: str | None = None
    join: Join | None = None
    lookup: list[Lookup] = []
    default: str | bool | None = None
    values: dict[str, str | bool | None] | None = None

    @field_validator("lookup", mode="before")
    @classmethod
    def _lookups_are_listed(cls, value: Any) -> Any:
        return value if isinstance(value, list) else [value]

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        sources = [self.column, self.const, self.template, self.join]
        if sum(source is not None for source in sources) != 1:
            message = "name exactly one of column, const, template, join"
            raise ValueError(message)
        return self

    def columns(self) -> set[str]:
        """The columns that it is made of."""
        joined = self.join.columns if self.join else []
        return {*([self.column] if self.column else []), *joined, *placeholders(self.template)}


class Sign(Strict):
    """The sign of a number that another column says: `minus` and `plus` are its values."""

    column: str
    minus: Annotated[list[str], Field(min_length=1)]
    plus: Annotated[list[str], Field(min_length=1)]


class Reference(Strict):
    """A record here that a text names, found by a list of the API; the field gets its id.

    `query` are filters of the list, with `{}` for the text: {external_system: shop, external_id:
    "{}"}. `field`: which field of the one record that is found is taken. `match`: the field of the
    record that must equal the text, for filters that find more than equals.
    """

    path: Annotated[str, Field(pattern=r"^/v1/[a-z0-9/-]+$")]
    query: Annotated[dict[str, str], Field(min_length=1)]
    field: str = "id"
    match: str | None = None


class TextForm(Strict):
    """How texts are read; said for the mapping, for a resource or for a field.

    `decimal` and `thousands`: the signs in numbers; as long as neither is said, `.` and none, and
    `1.234` is refused, as it may be a thousand. `format`: the form of days, or several; what two
    of them read differently is refused. `century`: the first of the hundred years that two digits
    mean. `region`: the country of telephone numbers without a country code.
    """

    decimal: Literal[".", ","] | None = None
    thousands: Literal["", ".", ",", " ", "'"] | None = None
    format: list[str] | None = None
    century: Annotated[int, Field(ge=1800, le=2100)] | None = None
    region: str | Source | None = None

    @field_validator("format", mode="before")
    @classmethod
    def _forms_are_listed(cls, value: Any) -> Any:
        return [value] if isinstance(value, str) else value

    @field_validator("region")
    @classmethod
    def _is_a_region(cls, value: str | Source | None) -> str | Source | None:
        if isinstance(value, str) and value not in phonenumbers.SUPPORTED_REGIONS:
            message = f"{value!r} is no country such as US or CN"
            raise ValueError(message)
        return value


class FieldRule(Source, TextForm):
    """Where one field comes from and what is made of it.

    What is empty at the end: `when_empty`. `split` makes a list of the parts between such marks;
    an empty part is none. `type` converts; a field called phone is one where nothing else is
    said. `reference` replaces the text by the id of the record here that it names.

    Numbers: `negative` are ways to write one below zero besides a minus before it; `sign` turns
    it round or takes its sign from another column; `part` keeps the positive or the negative
    ones, without their sign, as debits and credits; `times` multiplies, `digits` rounds half-up.
    """

    when_empty: Literal["omit", "null", "error"] = "omit"
    split: Annotated[str, Field(min_length=1, max_length=3)] | None = None
    type: Literal["text", "decimal", "int", "bool", "date", "phone"] | None = None
    negative: list[Literal["trailing", "parentheses"]] = []
    sign: Literal["flip"] | Sign | None = None
    part: Literal["positive", "negative"] | None = None
    times: Decimal | None = None
    digits: Annotated[int, Field(ge=0, le=6)] | None = None
    reference: Reference | None = None

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        said = {name: getattr(self, name) for name in _NUMERIC}
        numeric = [name for name, value in said.items() if value not in (None, [])]
        if numeric and self.type != "decimal":
            message = f"{' and '.join(numeric)} need type: decimal"
            raise ValueError(message)
        if self.reference and (self.split or self.type not in {None, "text"}):
            message = "a reference is found by one text: no split and no type"
            raise ValueError(message)
        return self

    def columns(self) -> set[str]:
        """The columns this rule reads."""
        region = self.region.columns() if isinstance(self.region, Source) else set()
        sign = {self.sign.column} if isinstance(self.sign, Sign) else set()
        return super().columns() | region | sign

    def lookups(self) -> list[Lookup]:
        """The look-ups of this rule."""
        return [*self.lookup, *(self.region.lookup if isinstance(self.region, Source) else [])]

    def resolved(self, path: str, around: TextForm) -> "FieldRule":
        """The rule with what it leaves to the resource and to its name. Raises ValueError."""
        kind = self.type or ("phone" if path.rpartition(".")[2] in _PHONES else "text")
        rule = inherit(self, around).model_copy(update={"type": kind})
        if rule.thousands and rule.thousands == (rule.decimal or "."):
            message = f"{path}: {rule.thousands!r} is both the decimal and the thousands sign"
            raise ValueError(message)
        for one in (rule.format or ()) if kind == "date" else ():
            if problem := problem_of_format(one, rule.century):
                message = f"{path}: {problem}"
                raise ValueError(message)
        return rule


Inner = TypeVar("Inner", bound=Strict)


def inherit(inner: Inner, outer: Strict, *forms: type[Strict]) -> Inner:
    """The inner part with what it does not say taken from the outer one."""
    names: Iterable[str] = (name for form in forms or (TextForm,) for name in form.model_fields)
    return inner.model_copy(
        update={name: getattr(outer, name) for name in names if getattr(inner, name) is None}
    )


def inside(file: str) -> str:
    """The name of a file below the source's folder; what leads out of it is refused."""
    path = PurePosixPath(file)
    if not file or path.is_absolute() or ".." in path.parts or "\\" in file or ":" in file:
        message = f"{file!r} is no file inside the source folder"
        raise ValueError(message)
    return file


def placeholders(template: str | None) -> set[str]:
    """The columns that a template names."""
    return set(_PLACEHOLDER.findall(template or ""))


def fill(template: str, row: Any) -> str:
    """The template with the row's values in place of its columns."""
    return _PLACEHOLDER.sub(lambda found: str(row[found[1]]), template)
