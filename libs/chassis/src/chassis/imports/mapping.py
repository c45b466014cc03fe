"""The mapping: one YAML file that says how the CSV files of a source become records here.

Everything in it is checked before the first row is read. In this YAML every plain word is text:
only `null`, `true` and `false` are not, so that Norway's code NO stays NO and 0.70 stays exact.
"""

import re
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

__all__ = ["FieldRule", "Lookup", "Mapping", "MappingError", "Resource", "load_mapping"]

BATCH_MAX = 500
_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")
_PATH = re.compile(r"[a-z][a-z0-9_]*(\.([a-z][a-z0-9_]*|[0-9]{1,2}))*")


class MappingError(Exception):
    """The mapping or its files cannot be used; each entry says where and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Strict(BaseModel):
    """A part of the mapping: an unknown word in it is an error, not a wish ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Lookup(Strict):
    """Another CSV file that turns a key into a value."""

    file: str
    key: str
    value: str


class FieldRule(Strict):
    """Where one field comes from and what is made of it, in the order of these lines.

    Source: `column`, `const` or `template` ("NW-{ProductID}"); `lookup` then replaces it by the
    value another file has for it. Empty: `default`, else `when_empty`. `values` translates whole
    texts. `split` makes a list of the parts between such marks; an empty part is none. `type`
    converts; `times` multiplies and `digits` rounds half-up (decimal only).
    """

    column: str | None = None
    const: str | bool | None = None
    template: str | None = None
    lookup: Lookup | None = None
    default: str | bool | None = None
    when_empty: Literal["omit", "null", "error"] = "omit"
    values: dict[str, str | bool | None] | None = None
    split: Annotated[str, Field(min_length=1, max_length=3)] | None = None
    type: Literal["text", "decimal", "int", "bool", "date"] = "text"
    format: str = "%Y-%m-%d"
    times: Decimal | None = None
    digits: Annotated[int, Field(ge=0, le=6)] | None = None

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        sources = [self.column, self.const, self.template]
        if sum(source is not None for source in sources) != 1:
            message = "name exactly one of column, const, template"
            raise ValueError(message)
        if self.type != "decimal" and (self.times is not None or self.digits is not None):
            message = "times and digits need type: decimal"
            raise ValueError(message)
        return self

    def columns(self) -> set[str]:
        """The columns this rule reads."""
        return ({self.column} if self.column else set()) | placeholders(self.template)


class VersionRule(Strict):
    """The source's own version of a row: a whole number that grows with each change."""

    column: str


class Resource(Strict):
    """One file and the endpoint its rows go to.

    `batch` sends 200 rows at once to a by-external batch endpoint; `put` each row to a path of
    its own; `post` each row once, by a key made of its id, for acts that cannot be repeated.
    `only` names the rows to take, `without` those to leave out, by a column's values.
    `source_version: time` takes the time of the import, so changed rows are newer than before.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
    file: str
    target: Annotated[str, Field(pattern=r"^/v1/[A-Za-z0-9/_{}.-]+$")]
    method: Literal["batch", "put", "post"] = "batch"
    external_id: str
    source_version: Literal["time", "none"] | Annotated[int, Field(ge=1)] | VersionRule = "time"
    batch_size: Annotated[int, Field(ge=1, le=BATCH_MAX)] = 200
    only: dict[str, list[str]] = {}
    without: dict[str, list[str]] = {}
    fields: Annotated[dict[str, FieldRule], Field(min_length=1)]

    @field_validator("fields", mode="before")
    @classmethod
    def _shorthand(cls, fields: Any) -> Any:
        """`name: CompanyName` is short for `name: {column: CompanyName}`."""
        if not isinstance(fields, dict):
            return fields
        return {
            path: {"column": rule} if isinstance(rule, str) else rule
            for path, rule in fields.items()
        }

    @field_validator("fields")
    @classmethod
    def _paths_fit(cls, fields: dict[str, FieldRule]) -> dict[str, FieldRule]:
        for path in fields:
            if not _PATH.fullmatch(path):
                message = f"{path!r} is no field path such as name or bill_to.city"
                raise ValueError(message)
            inside = next((other for other in fields if other.startswith(f"{path}.")), None)
            if inside:
                message = f"{path!r} cannot be a value and hold {inside!r} as well"
                raise ValueError(message)
        return fields

    @model_validator(mode="after")
    def _target_fits(self) -> Self:
        if self.method == "batch" and not self.target.endswith("/batch"):
            message = "a batch needs a target that ends in /batch, or say method: put or post"
            raise ValueError(message)
        if self.method == "put" and "{external_id}" not in self.target:
            message = "put needs {external_id} in its target"
            raise ValueError(message)
        return self

    def columns(self) -> set[str]:
        """Every column of the file that this resource needs."""
        found = placeholders(self.external_id) or {self.external_id}
        found |= set(self.only) | set(self.without)
        if isinstance(self.source_version, VersionRule):
            found.add(self.source_version.column)
        return found.union(*(rule.columns() for rule in self.fields.values()))

    def lookups(self) -> list[Lookup]:
        """The other files that this resource needs."""
        return [rule.lookup for rule in self.fields.values() if rule.lookup]


class Mapping(Strict):
    """A source: its resources in the order they are sent, references before what refers."""

    description: str = ""
    encoding: Literal["utf-8-sig", "utf-8", "gb18030", "latin-1", "cp1252"] = "utf-8-sig"
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    resources: Annotated[list[Resource], Field(min_length=1)]

    @field_validator("resources")
    @classmethod
    def _names_differ(cls, resources: list[Resource]) -> list[Resource]:
        names = [resource.name for resource in resources]
        if twice := {name for name in names if names.count(name) > 1}:
            message = f"two resources are called {', '.join(sorted(twice))}"
            raise ValueError(message)
        return resources


def load_mapping(path: Path) -> Mapping:
    """Read and check a mapping. Raises MappingError with every problem found."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_PlainLoader)  # noqa: S506
        return Mapping.model_validate(document)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as unreadable:
        raise MappingError([f"{path}: {unreadable}"]) from unreadable
    except ValidationError as wrong:
        told = [f"{path}: {_where(one['loc'])}: {_said(one)}" for one in wrong.errors()]
        raise MappingError(told) from wrong


def placeholders(template: str | None) -> set[str]:
    """The columns that a template names."""
    return set(_PLACEHOLDER.findall(template or ""))


def fill(template: str, row: Any) -> str:
    """The template with the row's values in place of its columns."""
    return _PLACEHOLDER.sub(lambda found: str(row[found[1]]).strip(), template)


class _PlainLoader(yaml.SafeLoader):
    """YAML whose plain words are text, and in which no key may stand twice."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - the library's own protocol

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """The mapping of a node; a key that stands twice raises."""
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"{key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"(null|~|)\Z"), ["n", "~", ""]
)
_PlainLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"(true|false)\Z"), ["t", "f"]
)


def _where(location: tuple[int | str, ...]) -> str:
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in location]
    return "".join(parts).lstrip(".") or "the file"


def _said(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "there is no such word here; check its spelling"
    if error["type"] == "missing":
        return "this is required"
    return str(error["msg"]).removeprefix("Value error, ")
