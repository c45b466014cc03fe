"""What every route of the bridge has in common: who may call it, and what a keyed act answers."""

from typing import Annotated

from chassis.actor import Actor
from chassis.http.dependencies import Needs
from chassis.problems.problem import Problem
from chassis.problems.standard import (
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
)

__all__ = ["KEYED", "Observer", "Operator"]

Observer = Annotated[Actor, Needs("bridge.read")]
Operator = Annotated[Actor, Needs("bridge.write")]

KEYED: tuple[type[Problem], ...] = (
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    IdempotencyInFlight,
)
"""What an act answers whose key is missing, of another request, or of one that is under way."""
