"""What a record type is: how its records are read, and what is particular about writing them."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel

from chassis.events.event import Event
from chassis.problems.problem import Problem
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.entities import ARCHIVED, CustomRecord, Record, Values
from records.history import EXTERNAL_REFS
from records.links import ExternalRef
from records.reads import Reads, View
from records.shown import Shown

__all__ = [
    "Change",
    "Json",
    "Leader",
    "Merging",
    "Personal",
    "RecordType",
    "StepsBack",
    "changed_fields",
    "record_types",
]

E = TypeVar("E", bound=Record)
V = TypeVar("V", bound=View)


@dataclass(slots=True)
class Change(Generic[E]):
    """A record that is being written: the values given for it, and what they change.

    `before`: what the changed fields were, sorted by name; known once the values are applied. It
    is empty for a new record. `link`: the other system's record that a new one is. `custom`: all
    custom fields as the record is to have them; None: they stay.
    """

    record: E
    values: Values
    is_new: bool = False
    before: dict[str, Any] = field(default_factory=dict)
    link: ExternalRef | None = None
    custom: dict[str, Any] | None = None

    @property
    def fields(self) -> list[str]:
        """Names of the fields that changed, sorted."""
        return list(self.before)

    @property
    def is_any(self) -> bool:
        """Whether anything changed."""
        return self.is_new or bool(self.before)

    def touches(self, *fields: str) -> bool:
        """Whether the record is new, or one of the fields changed."""
        return self.is_new or any(name in self.before for name in fields)


def changed_fields(event: type[Event], change: Change[Any]) -> list[str]:
    """Names of the fields that the event of a change gives as changed: all, of a new record."""
    return list(_fields_of(event)) if change.is_new else change.fields


def record_types(entity: type[Any]) -> dict[str, "RecordType[Any, Any]"]:
    """The record types of the service that the entity belongs to, by name."""
    known: dict[str, RecordType[Any, Any]]
    known = entity.metadata.info.setdefault("record_types", {})
    return known


_NEVER_KEPT = {"id", "version", "revision", "created_at", "updated_at"}
"""Fields of views that change with every change, or never."""


@cache
def _fields_of(event: type[Event]) -> tuple[str, ...]:
    return tuple(sorted(event.model_fields.keys() - {"id", "version", "changed"}))


@dataclass(frozen=True, kw_only=True)
class Leader:
    """The other system that leads in some fields of a record that is linked to it.

    Others may not change them: that is refused with `refusal` (fields, entity). What it sends of
    them leaves the ETag as it is, because nobody here may edit it; so do `copies`, fields that
    nobody here edits whoever sends them.
    """

    system: str
    fields: frozenset[str]
    refusal: type[Problem]
    copies: frozenset[str] = frozenset()

    def copied(self, sender: str | None) -> frozenset[str]:
        """The fields that are copies where this sender writes them."""
        return self.fields if sender == self.system else self.copies


async def no_defaults(_work: Work, count: int) -> Sequence[Values]:
    """The defaults of records that have none."""
    return [{}] * count


async def as_given(_work: Work, change: Change[Any], _sender: str | None) -> Values:
    """The values as they came."""
    return change.values


async def all_as_given(
    _work: Work, changes: Sequence[Change[Any]], _sender: str | None
) -> Sequence[Values]:
    """The values of all as they came."""
    return [one.values for one in changes]


async def no_rule(_work: Work, _changes: Sequence[Change[Any]], _sender: str | None) -> None:
    """No rule among records."""


async def no_event(_work: Work, _changes: Sequence[Change[Any]]) -> None:
    """No event."""


@dataclass(frozen=True, kw_only=True)
class Personal:
    """What of a record tells of a person. Every column that holds text is named in one of two.

    columns     columns that tell of the person; they are empty once it is erased
    impersonal  those that do not
    erased      the values that the record's fields get then
    history     the fields whose values are taken out of its history, as the entity names them
    """

    columns: frozenset[str]
    impersonal: frozenset[str]
    erased: Mapping[str, Any]
    history: frozenset[str]


@dataclass(frozen=True)
class StepsBack:
    """A mark that one row of a record may have, such as `primary`: the loser's rows give it up.

    `column` of the table, `field` of the view.
    """

    column: str
    field: str


Json = Mapping[str, Any]
"""A record as its view shows it, as JSON."""


async def no_merge_rule(_at: Reading, _winner: Json, _loser: Json) -> Json:
    """Every field is the winner's, or the loser's."""
    return {}


async def any_may_merge(_at: Reading, _winner: Json, _loser: Json) -> None:
    """Any two records of the type become one."""


async def nothing_follows(_work: Work, _record_id: UUID) -> Values:
    """No field follows from rows that went over."""
    return {}


@dataclass(frozen=True, kw_only=True)
class Merging:
    """How two records of a type become one, which its routes and the history have by it.

    change      the command of a change: its fields are those that are chosen from both
    rule        fields that neither side decides, such as consents: what they become
    require     raises one of `refuses` for two records that do not become one
    follows     values of a record that follow from rows that came, or went again with an undo
    put_away    what the record becomes that goes, as its last event says
    steps_back  unique index of another table -> the mark that the loser's row gives up there
    """

    change: type[BaseModel]
    rule: Callable[[Reading, Json, Json], Awaitable[Json]] = no_merge_rule
    require: Callable[[Reading, Json, Json], Awaitable[None]] = any_may_merge
    refuses: Sequence[type[Problem]] = ()
    follows: Callable[[Work, UUID], Awaitable[Values]] = nothing_follows
    put_away: Values = field(default_factory=lambda: {"status": ARCHIVED})
    steps_back: Mapping[str, StepsBack] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RecordType(Generic[E, V]):
    """A type of master data. Everything but its name, entity and reads has a usual answer.

    Writing runs in this order, for one record or for many: lock (or `defaults` of new ones),
    `look_up` for all, `prepare` each, apply the values, `check` all that changed, count a version,
    store, `publish`. Every step may refuse with a problem; then nothing was done.

    name        the table, and the word in problems and in links to other systems
    required    fields that a new record must have when another system sends it
    defaults    for so many new records, the values of fields that nobody gives: numbers, currency
    lock        the records by id, locked until the act ends; raises NotFound
    look_up     the values of all with what they name looked up at once: ids of codes
    prepare     the values of one made ready for the entity: merged, parsed
    lock_batch  what acts on the items of a batch may touch, locked in the order of single acts
    check       what must hold among records: unique codes, references
    publish     the events
    leader      the system that leads in fields of linked records
    in_bulk     whether many are written as one change; else each in turn
    shown       how the history shows fields that the entity keeps in another form than the view
    personal    what of it tells of a person, where it can stand for one
    last_has    unique indexes whose key goes over to the record that is written last
    merging     how two of them become one; None: they are not merged
    `sender` is the system that sent the record; None: a caller's own change.
    """

    name: str
    entity: type[E]
    reads: Reads[V]
    required: tuple[str, ...] = ("name",)
    defaults: Callable[[Work, int], Awaitable[Sequence[Values]]] = no_defaults
    lock: Callable[[Work, Collection[UUID]], Awaitable[Mapping[UUID, E]]] | None = None
    lock_batch: Callable[[Work, str, Sequence[Any]], Awaitable[None]] | None = None
    look_up: Callable[[Work, Sequence[Change[E]], str | None], Awaitable[Sequence[Values]]] = (
        all_as_given
    )
    prepare: Callable[[Work, Change[E], str | None], Awaitable[Values]] = as_given
    check: Callable[[Work, Sequence[Change[E]], str | None], Awaitable[None]] = no_rule
    publish: Callable[[Work, Sequence[Change[E]]], Awaitable[None]] = no_event
    leader: Leader | None = None
    in_bulk: bool = True
    shown: Mapping[str, Shown] = field(default_factory=dict)
    personal: Personal | None = None
    last_has: frozenset[str] = frozenset()
    merging: Merging | None = None

    def __post_init__(self) -> None:
        """Let others find the type among those of its service (`record_types`)."""
        record_types(self.entity)[self.name] = self

    @cached_property
    def has_custom_fields(self) -> bool:
        """Whether its records have custom fields."""
        return issubclass(self.entity, CustomRecord)

    @cached_property
    def kept_fields(self) -> Sequence[str]:
        """The entity's fields that make a record's first values in its history, sorted."""
        viewed = self.reads.view.model_fields.keys() - _NEVER_KEPT  # type: ignore[attr-defined] # a model
        return sorted({one for one in viewed if hasattr(self.entity, one)} | self.shown.keys())

    @cached_property
    def fields_with_history(self) -> Sequence[str]:
        """The view's names of the fields whose changes are kept, sorted."""
        shown = {name: one.name for name, one in self.shown.items()}
        return sorted({shown.get(one, one) for one in self.kept_fields} | {EXTERNAL_REFS})

    def names_kept_of(self, field_name: str) -> Sequence[str]:
        """The entity's names of a field of the view."""
        other = [name for name, shown in self.shown.items() if shown.name == field_name]
        return other or [field_name]
