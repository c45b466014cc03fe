"""What is assigned: a module that has such records declares them here.

declare(Subject(type="account", facts={...}, read_facts=..., open_load=..., set_owners=...))
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.assignment.rules.matching import Facts
from crm.assignment.states import FactKind

__all__ = ["Facts", "Subject", "declare", "subject_of", "subject_types"]


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A type of records that rules assign.

    facts       the facts that conditions may ask for, and what values they have; nothing personal,
                since decisions keep them
    read_facts  the facts of those of the records that are open and have no owner
    open_load   how many open records each of the users has; who has none may be left out
    set_owners  give records to users, by record; with history and events
    """

    type: str
    facts: Mapping[str, FactKind]
    read_facts: Callable[[Reading, Sequence[UUID]], Awaitable[Mapping[UUID, Facts]]]
    open_load: Callable[[Reading, Sequence[UUID]], Awaitable[Mapping[UUID, int]]]
    set_owners: Callable[[Work, Mapping[UUID, UUID]], Awaitable[None]]


_DECLARED: dict[str, Subject] = {}


def declare(subject: Subject) -> Subject:
    """Let records of the type be assigned by rules."""
    _DECLARED[subject.type] = subject
    return subject


def subject_types() -> list[str]:
    """The types that are assigned by rules."""
    return sorted(_DECLARED)


def subject_of(subject_type: str) -> Subject:
    """What a module declared of the type. Raises InvalidInput."""
    found = _DECLARED.get(subject_type)
    if found is None:
        message = "Nothing of this type is assigned by rules. There are: {types}."
        facts = {"types": ", ".join(subject_types())}
        raise InvalidInput(errors=[FieldError("/subject_type", "subject_unknown", message, facts)])
    return found
