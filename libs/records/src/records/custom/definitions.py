"""The custom fields of a record type as they are now, kept by each process and never out of date.

Whoever writes a value asks for the version of the fields first, and it stays until the transaction
ends. Who makes a record without any is spared that: what the process knows is used, and the act's
last statement refuses to go on where the fields changed meanwhile. Whoever changes fields waits for
both, so a record is never written by fields that are no more.
"""

import weakref
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from uuid import UUID

import asyncpg

from chassis.storage.reading import Reading
from chassis.work.settle import Part
from chassis.work.unit_of_work import Work
from records.settings import record_settings

__all__ = [
    "SETTINGS",
    "Choice",
    "CustomFields",
    "Definition",
    "current_fields",
    "fields_for_new",
    "fields_of",
    "fields_of_types",
    "forget_fields",
    "lock_definitions",
]


@dataclass(frozen=True)
class Choice:
    """What may be chosen; an archived one stays where it was chosen."""

    key: str
    label: str
    label_zh: str = ""
    archived: bool = False


@dataclass(frozen=True, kw_only=True)
class Definition:
    """A custom field of a record type.

    `region` and `currency` are the service's: the country of phone numbers without a country code,
    and what an amount is in that a list is asked for.
    """

    id: UUID
    key: str
    kind: str
    label: str
    label_zh: str = ""
    required: bool = False
    default: Any = None
    scale: int | None = None
    min: str | None = None
    max: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    choices: Sequence[Choice] = ()
    refers_to: str | None = None
    filtered: bool = False
    sorted: bool = False
    personal: bool = False
    position: int = 0
    status: str = "active"
    region: str = ""
    currency: str = ""

    @property
    def is_active(self) -> bool:
        """Whether values are still taken."""
        return self.status == "active"


@dataclass(frozen=True)
class CustomFields:
    """The custom fields of a record type, by position, in one version; None: never any."""

    version: UUID | None
    fields: Sequence[Definition] = field(default_factory=list)

    @cached_property
    def by_key(self) -> dict[str, Definition]:
        """The fields by key."""
        return {one.key: one for one in self.fields}

    @cached_property
    def ordered(self) -> Sequence[Definition]:
        """Those that lists are sorted by."""
        return [one for one in self.fields if one.sorted]

    @cached_property
    def given_to_new(self) -> Sequence[Definition]:
        """Those that a new record has a value of, whoever makes it."""
        wanted = (one for one in self.fields if one.is_active)
        return [one for one in wanted if one.required or one.default is not None]


_OF_SERVICE = ("region", "currency")
SETTINGS = tuple(name for name in Definition.__dataclass_fields__ if name not in _OF_SERVICE)
"""What of a definition is kept."""
_COLUMNS = ", ".join(f'f."{name}"' for name in SETTINGS)
_READ = f"""select v.record_type, v.version as fields_version, {_COLUMNS}
  from custom_field_version v left join custom_field f using (record_type)
  where v.record_type = any($1::text[]) order by f.position, f.key"""
_READ_ALL = f"""select v.record_type, v.version as fields_version, {_COLUMNS}
  from custom_field_version v left join custom_field f using (record_type)
  order by f.position, f.key"""
_NOW = "select custom_field_version_now($1)"
_LOCK = "select custom_field_version_now(n.name) from unnest($1::text[]) n(name)"
_PASSED = """still_known as (
  insert into custom_field_version
  select record_type, version from unnest($1::text[], $2::uuid[]) as n(record_type, version)
   where custom_field_version_passed(record_type, version))"""
"""It adds no row: the function is asked, and refuses or says no."""

ALL = ""
"""In place of a record type: all types were read, and one that is not known has no fields."""
_KNOWN: dict[int, dict[str, CustomFields]] = {}
"""What the process knows, by the setting of the database and the record type."""


async def current_fields(work: Work, record_type: str) -> CustomFields:
    """The fields as they are now; nobody changes them until the act ends."""
    version = await work.sql.fetchval(_NOW, record_type)
    known = _known_of(work).get(record_type)
    return known if known and known.version == version else await fields_of(work, record_type)


async def lock_definitions(work: Work, record_types: Collection[str]) -> None:
    """Let nobody change the fields of the types until the act ends."""
    await work.sql.fetch(_LOCK, sorted(record_types))


async def fields_for_new(work: Work, record_type: str) -> CustomFields:
    """The fields as this process knows them, for an act that makes records and gives no values.

    The act's last statement sees to it that they are still so; else the act is to be repeated.
    """
    present = _known_of(work)
    known = present.get(record_type) or present.get(ALL) or await _fields_of_all(work, record_type)
    if not any(part is _require_known and row[0] == record_type for part, row in work.rows):
        work.write_at_settle(_require_known, (record_type, known.version))
        work.on_failure(lambda raised: _forget(work, record_type, raised))
    return known


async def fields_of(at: Reading, record_type: str) -> CustomFields:
    """The fields as they are committed now."""
    return (await fields_of_types(at, [record_type]))[record_type]


async def fields_of_types(at: Reading, record_types: Collection[str]) -> Mapping[str, CustomFields]:
    """The fields of several types, as they are committed now."""
    rows = await at.sql.fetch(_READ, list(record_types))
    of_type = {one: [row for row in rows if row["record_type"] == one] for one in record_types}
    found = {one: _custom_fields(at, own) for one, own in of_type.items()}
    _known_of(at).update(found)
    return found


async def _fields_of_all(at: Reading, record_type: str) -> CustomFields:
    """The fields of the type; those of all types become known by the one statement."""
    found: dict[str, list[Any]] = {record_type: []}
    for row in await at.sql.fetch(_READ_ALL):
        found.setdefault(row["record_type"], []).append(row)
    known = _known_of(at)
    known[ALL] = CustomFields(None)
    for name, rows in found.items():
        known[name] = _custom_fields(at, rows)
    return known[record_type]


def _custom_fields(at: Reading, rows: Sequence[Any]) -> CustomFields:
    version = rows[0]["fields_version"] if rows else None
    return CustomFields(version, [_definition(at, row) for row in rows if row["id"]])


def forget_fields(at: Reading, record_type: str) -> None:
    """Read the fields anew when they are needed next: they are about to change."""
    known = _known_of(at)
    known.pop(record_type, None)
    known.pop(ALL, None)


def _definition(at: Reading, row: Any) -> Definition:
    values = {name: row[name] for name in SETTINGS}
    values["choices"] = [Choice(**one) for one in row["choices"]]
    region, currency = record_settings(at).region, at.setting.currency
    return Definition(**values, region=region, currency=currency)


def _known_of(at: Reading) -> dict[str, CustomFields]:
    place = id(at.setting)
    if place not in _KNOWN:
        _KNOWN[place] = {}
        weakref.finalize(at.setting, _KNOWN.pop, place, None)
    return _KNOWN[place]


def _forget(work: Work, record_type: str, raised: Exception) -> None:
    if isinstance(raised, asyncpg.SerializationError):
        forget_fields(work, record_type)


def _require_known(_work: Work, rows: Sequence[tuple[str, UUID | None]]) -> Part:
    return _PASSED, tuple(map(list, zip(*rows, strict=True)))
