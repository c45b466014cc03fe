"""What a service lets be approved: its kinds, the facts that rules ask, who may decide."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from approvals.states import FactKind
from chassis.actor import Actor
from chassis.storage.reading import Reading

__all__ = ["Approvals", "Fact", "Request", "Subject"]

Fact = Decimal | str | None
"""An amount, a number or a text; None: it is not known (`Subject.met_unknown`)."""


@dataclass(frozen=True)
class Subject:
    """A kind of approval.

    `record_type`: of the documents it is about. `facts`: what rules may ask, by name. `always`:
    where no rule matches, whoever has the permission to decide is asked; else nothing is.
    `withdrawable`: who asked may withdraw the question; else the document says when it is over.
    `met_unknown`: facts that meet every condition where they are not known, so that what cannot be
    judged is approved by somebody.
    """

    kind: str
    record_type: str
    facts: Mapping[str, FactKind]
    always: bool = False
    withdrawable: bool = True
    met_unknown: frozenset[str] = frozenset()

    @property
    def numbers(self) -> set[str]:
        """The facts that are compared by value."""
        return {name for name, kind in self.facts.items() if kind != FactKind.TEXT}


@dataclass(frozen=True)
class Request:
    """A question. `facts`: for people; `measures`: what rules ask, amounts in `currency`.

    `fingerprint`: says the same as long as what is approved is the same (`fingerprint_of`).
    """

    kind: str
    subject_id: UUID
    reason: str
    facts: Mapping[str, Any]
    measures: Mapping[str, Fact] = field(default_factory=dict)
    currency: str = ""
    fingerprint: str = ""


@dataclass(frozen=True)
class Approvals:
    """The approvals of a service.

    `read` and `decide` are the permissions to see approvals and to decide. `managers`: SQL for the
    ids of the users who manage the team of the user `{}`; "": there are no teams.
    """

    subjects: tuple[Subject, ...]
    read: str
    decide: str
    managers: str = ""

    def subject(self, kind: str) -> Subject:
        """The kind as it was declared."""
        return next(one for one in self.subjects if one.kind == kind)

    def deciding_roles(self, at: Reading) -> list[str]:
        """The roles whose users may decide."""
        return sorted(
            role
            for role, scopes in at.setting.roles.items()
            if Actor(kind="system", id=role, name=role, scopes=scopes).may(self.decide)
        )
