"""By which way an act came: through a screen, the API, an import, a bridge, or by itself."""

from enum import StrEnum
from uuid import UUID

from chassis.actor import Actor

__all__ = ["Way", "way_of"]


class Way(StrEnum):
    """By which way a change came."""

    UI = "ui"
    API = "api"
    IMPORT = "import"
    BRIDGE = "bridge"
    RULE = "rule"
    MERGE = "merge"


def way_of(actor: Actor, import_id: UUID | None) -> Way:
    """The way of an act: ours own are rules, keys of other systems are bridges, users have screens.

    `import_id`: the import that the act belongs to, as its sender says.
    """
    if actor.systems or actor.relays:
        return Way.BRIDGE
    if import_id:
        return Way.IMPORT
    if actor.kind == "system":
        return Way.RULE
    return Way.UI if actor.kind == "user" else Way.API
