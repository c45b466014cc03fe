"""Which activities a caller sees, and which it may change.

Seen: one's own, those of a team in reach, those in which one takes part, and those about a record
that one sees. Changed: one's own, those of users and teams in reach, and those of nobody.
"""

from collections.abc import Sequence

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import reach
from crm.activities.queries.subjects import Subject, subjects

__all__ = ["changeable", "visible"]

_NOBODYS = "activity.owner_id is null and activity.team_id is null"
_ABOUT_NOTHING = f"({_NOBODYS} and activity.record_id is null)"
_OWN = "activity.owner_id = any({owners}) or activity.team_id = any({teams})"
_TAKES_PART = "{0}::uuid = any(activity.user_ids)"


class _Packed:
    """Conditions with a value each, made one condition with an array of texts as its value."""

    def __init__(self) -> None:
        self.values: list[str] = []

    def add(self, condition: str, value: object) -> str:
        """The condition, `{}` or `{0}` of which stand for the value; it casts what it is given."""
        if str(value) not in self.values:
            self.values.append(str(value))
        place = f"(({{0}}::text[])[{self.values.index(str(value)) + 1}])"
        mark = "\x00"
        plain = condition.format(mark).replace("{", "{{").replace("}", "}}")
        return plain.replace(mark, place)

    def any_of(self, conditions: Sequence[str]) -> Filter:
        """One of the conditions holds."""
        return Filter(f"({' or '.join(conditions)})", self.values)


def visible(at: Reading) -> Sequence[Filter]:
    """The conditions of the activities that the actor sees."""
    if reach.reaches_all(at.actor, "read"):
        return ()
    packed = _Packed()
    packed.values.append(at.actor.id)
    seen = [_ABOUT_NOTHING]
    if at.actor.kind == "user":
        seen += [packed.add(one, at.actor.id) for one in (_own(at, "read"), _TAKES_PART)]
    for name, subject in subjects().items():
        if at.actor.may(subject.scope):
            seen.append(_about(at, packed, name, subject))
    return [packed.any_of(seen)]


def changeable(at: Reading) -> Sequence[Filter]:
    """The conditions of those that the actor may change, of those that it sees."""
    if reach.reaches_all(at.actor, "write"):
        return ()
    packed = _Packed()
    packed.values.append(at.actor.id)
    own = [packed.add(_own(at, "write"), at.actor.id)] if at.actor.kind == "user" else []
    return [packed.any_of([f"({_NOBODYS})", *own])]


def _own(at: Reading, verb: reach.ReachVerb) -> str:
    return _OWN.format(owners=reach.owners(at, verb), teams=reach.teams(at, verb))


def _about(at: Reading, packed: _Packed, name: str, subject: Subject) -> str:
    """That it is about a record of the type that the actor sees."""
    conditions = [packed.add(one.condition, one.value) for one in subject.reads.conditions(at)]
    is_of_type = f"activity.record_type = '{name}'"
    if not conditions:
        return f"({is_of_type})"
    of = subject.reads
    sees = " and ".join([f"{of.key} = activity.record_id", *conditions])
    return f"({is_of_type} and exists (select from {of.source} where {sees}))"
