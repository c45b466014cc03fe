"""States of contract templates and contracts."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["NEXT", "TEMPLATE_NEXT", "ContractState", "TemplateState"]


class TemplateState(StrEnum):
    """How far a version of a template has come."""

    DRAFT = "draft"
    PUBLISHED = "published"
    SUPERSEDED = "superseded"


TEMPLATE_NEXT: Mapping[TemplateState, frozenset[TemplateState]] = {
    TemplateState.DRAFT: frozenset({TemplateState.PUBLISHED}),
    TemplateState.PUBLISHED: frozenset({TemplateState.SUPERSEDED}),
    TemplateState.SUPERSEDED: frozenset(),
}
"""The states that may follow each."""


class ClauseTest(StrEnum):
    """What the condition of a clause asks of a variable."""

    PRESENT = "present"
    ABSENT = "absent"
    EQUALS = "equals"
    AT_LEAST = "at_least"


class ContractState(StrEnum):
    """How far a contract has come."""

    DRAFT = "draft"
    SENT = "sent"
    SIGNED = "signed"
    ENDED = "ended"
    VOID = "void"


NEXT: Mapping[ContractState, frozenset[ContractState]] = {
    ContractState.DRAFT: frozenset({ContractState.SENT, ContractState.VOID}),
    ContractState.SENT: frozenset({ContractState.SIGNED, ContractState.VOID}),
    ContractState.SIGNED: frozenset({ContractState.ENDED}),
    ContractState.ENDED: frozenset(),
    ContractState.VOID: frozenset(),
}
"""The states that may follow each."""
