"""Is one of these the twin? Certain, or for a person to say, or none (B52)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

__all__ = ["Candidate", "Finding", "candidate_of", "judge_finds"]


@dataclass(frozen=True)
class Candidate:
    """A record of the other half that may be the twin."""

    id: UUID
    label: str
    why: str
    linked_to: str | None

    def plain(self) -> dict[str, Any]:
        """As a review stores it."""
        return {
            "id": str(self.id),
            "label": self.label,
            "why": self.why,
            "linked_to": self.linked_to,
        }


@dataclass(frozen=True)
class Finding:
    """What the search came to: the twin, or candidates for a person; neither means none."""

    twin: UUID | None = None
    candidates: tuple[Candidate, ...] = ()


def candidate_of(record: Mapping[str, Any], *, why: str, sender: str) -> Candidate:
    """A record of the other half's list, with the record of the sender it is linked to."""
    links = [
        str(link["external_id"])
        for link in record.get("external_refs") or ()
        if link.get("system") == sender
    ]
    label = " ".join(str(record[name]) for name in ("number", "code", "name") if record.get(name))
    return Candidate(UUID(record["id"]), label, why, links[0] if links else None)


def judge_finds(
    certain: Sequence[Candidate], likely: Sequence[Candidate], *, subject: UUID
) -> Finding:
    """What is to be made of the finds.

    One single certain find that is free, or linked to the subject already, is the twin. Several
    certain finds, or one that is linked elsewhere, are for a person. Likely finds are for a
    person when they are free; one that is linked elsewhere is someone else.
    """
    mine = [one for one in (*certain, *likely) if one.linked_to == str(subject)]
    if mine:
        return Finding(twin=mine[0].id)
    if len(certain) == 1 and certain[0].linked_to is None:
        return Finding(twin=certain[0].id)
    if certain:
        return Finding(candidates=tuple(certain))
    return Finding(candidates=tuple(one for one in likely if one.linked_to is None))
