"""What every route of the bridge has in common: who may call it."""

from typing import Annotated

from chassis.actor import Actor
from chassis.http.dependencies import Needs

__all__ = ["Observer", "Operator"]

Observer = Annotated[Actor, Needs("bridge.read")]
Operator = Annotated[Actor, Needs("bridge.write")]
