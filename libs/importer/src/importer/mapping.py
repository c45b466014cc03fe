"""The mapping: one YAML file that says how the CSV files of a source become records here.

Everything in it is checked before the first row is read. In this YAML every plain word is text:
only `null`, `true` and `false` are not, so that Norway's code NO stays NO and 0.70 stays exact.
"""

import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from importer.errors import MappingError
from importer.rules import (
    FieldRule,
    FileForm,
    Lookup,
    Strict,
    TextForm,
    inherit,
    inside,
    placeholders,
)

__all__ = ["Mapping", "Resource", "VersionRule", "load_mapping"]

BATCH_MAX = 500
_PATH = re.compile(r"[a-z][a-z0-9_]*(\.([a-z][a-z0-9_]*|[0-9]{1,2}))*")


def shorthand(fields: Any) -> Any:
    """`name: CompanyName` is short for `name: {column: CompanyName}`."""
    if not isinstance(fields, dict):
        return fields
    return {
        path: {"column": rule} if isinstance(rule, str) else rule for path, rule in fields.items()
    }


def paths_fit(fields: dict[str, FieldRule]) -> dict[str, FieldRule]:
    """Paths are such as name or bill_to.city, and no value holds others. Raises ValueError."""
    for path in fields:
        if not _PATH.fullmatch(path):
            message = f"{path!r} is no field path such as name or bill_to.city"
            raise ValueError(message)
        inside_it = next((other for other in fields if other.startswith(f"{path}.")), None)
        if inside_it:
            message = f"{path!r} cannot be a value and hold {inside_it!r} as well"
            raise ValueError(message)
    return fields


class VersionRule(Strict):
    """The source's own version of a row: a whole number that grows with each change."""

    column: str


class Rows(Strict):
    """Several rows with one id become one document: each row an entry of the list at `into`.

    The fields of the resource are the document's; they must be the same in all its rows.
    """

    into: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    fields: Annotated[dict[str, FieldRule], Field(min_length=1)]

    _shorthand = field_validator("fields", mode="before")(shorthand)
    _paths = field_validator("fields")(paths_fit)


class Resource(FileForm, TextForm):
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
    only: dict[str, list[str]] = Field(default_factory=dict)
    without: dict[str, list[str]] = Field(default_factory=dict)
    fields: Annotated[dict[str, FieldRule], Field(min_length=1)]
    rows: Rows | None = None

    @field_validator("file")
    @classmethod
    def _is_inside(cls, file: str) -> str:
        return inside(file)

    _shorthand = field_validator("fields", mode="before")(shorthand)
    _paths = field_validator("fields")(paths_fit)

    @model_validator(mode="after")
    def _target_fits(self) -> Self:
        if self.method == "batch" and not self.target.endswith("/batch"):
            message = "a batch needs a target that ends in /batch, or say method: put or post"
            raise ValueError(message)
        if self.method == "put" and "{external_id}" not in self.target:
            message = "put needs {external_id} in its target"
            raise ValueError(message)
        if self.rows and any(one.split(".")[0] == self.rows.into for one in self.fields):
            message = f"{self.rows.into!r} is made of rows: no field can be in it"
            raise ValueError(message)
        return self

    def id_columns(self) -> set[str]:
        """The columns that a row is known by."""
        return placeholders(self.external_id) or {self.external_id}

    def columns(self) -> set[str]:
        """Every column of the file that this resource needs."""
        found = self.id_columns() | set(self.only) | set(self.without)
        if isinstance(self.source_version, VersionRule):
            found.add(self.source_version.column)
        return found.union(*(rule.columns() for rule in self.rules()))

    def rules(self) -> list[FieldRule]:
        """The rules of the document's fields, and of those of its rows."""
        return [*self.fields.values(), *(self.rows.fields.values() if self.rows else ())]

    def rule_at(self, path: str) -> FieldRule | None:
        """The rule of a field of the document, such as name or lines.3.sku."""
        if self.rows and path.startswith(f"{self.rows.into}."):
            return self.rows.fields.get(".".join(path.split(".")[2:]))
        return self.fields.get(path)

    def lookups(self) -> list[Lookup]:
        """The other files that this resource needs."""
        return [lookup for rule in self.rules() for lookup in rule.lookups()]

    def resolved(self, around: Strict) -> Self:
        """The resource with what it leaves to the mapping. Raises ValueError."""
        whole = inherit(self, around, FileForm, TextForm)
        fields = {path: rule.resolved(path, whole) for path, rule in self.fields.items()}
        rows = self.rows and self.rows.model_copy(
            update={
                "fields": {
                    path: rule.resolved(path, whole) for path, rule in self.rows.fields.items()
                }
            }
        )
        return whole.model_copy(update={"fields": fields, "rows": rows})


class Mapping(FileForm, TextForm):
    """A source: its resources in the order they are sent, references before what refers."""

    description: str = ""
    resources: Annotated[list[Resource], Field(min_length=1)]

    @field_validator("resources")
    @classmethod
    def _names_differ(cls, resources: list[Resource]) -> list[Resource]:
        names = [resource.name for resource in resources]
        if twice := {name for name in names if names.count(name) > 1}:
            message = f"two resources are called {', '.join(sorted(twice))}"
            raise ValueError(message)
        return resources

    @model_validator(mode="after")
    def _resolves(self) -> Self:
        """What is said for the mapping holds in its resources, what is said there in the fields."""
        resources = [resource.resolved(self) for resource in self.resources]
        self.__dict__["resources"] = resources
        return self


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
