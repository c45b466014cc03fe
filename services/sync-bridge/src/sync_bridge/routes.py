"""What every route of the bridge has in common: who may call it."""

from typing import Annotated

from chassis.actor import Actor
from chassis.http.dependencies import Needs

__all__ = ["READ", "WRITE", "Observer", "Operator"]

READ, WRITE = "bridge.read", "bridge.write"

Observer = Annotated[Actor, Needs(READ)]
Operator = Annotated[Actor, Needs(WRITE)]
