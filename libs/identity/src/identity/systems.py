"""In whose name a caller sends records: reserved names only a bound key may use."""

from chassis.actor import Actor
from chassis.problems.problem import Problem

__all__ = ["SystemReserved", "require_binding"]


class SystemReserved(Problem):
    """The caller names a system that its key is not bound to."""

    status = 403
    code = "system_reserved"
    title = "Your key does not speak for this system"
    detail = (
        "Only a key that is bound to the system {system} may act in its name. Use a name of your "
        "own, or ask an administrator to bind your key."
    )


def require_binding(actor: Actor, system: str) -> None:
    """See to it that the caller may speak for the system. Raises SystemReserved."""
    if system not in actor.systems:
        raise SystemReserved(system=system)
