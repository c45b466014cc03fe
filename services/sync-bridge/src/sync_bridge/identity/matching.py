"""Is one of these the twin? Certain, or for a person to say, or none (B52)."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

__all__ = [
    "Candidate",
    "MatchResult",
    "MatchSubject",
    "candidate_of",
    "match_result_of",
    "result_of_search",
]

EXACT = frozenset({"external_id", "tax_id"})
"""Reasons that name one firm. What else agrees may agree by chance."""


@dataclass(frozen=True)
class Candidate:
    """A record of the other half that may be the twin."""

    id: UUID
    label: str
    why: str
    linked_to: str | None
    reasons: tuple[str, ...] = ()
    number: str = ""
    name: str = ""

    def plain(self) -> dict[str, Any]:
        """As a review stores it."""
        return {
            "id": str(self.id),
            "label": self.label,
            "why": self.why,
            "linked_to": self.linked_to,
            "reasons": list(self.reasons or (self.why,)),
            "number": self.number,
            "name": self.name,
        }


@dataclass(frozen=True)
class MatchResult:
    """What the search came to: the twin, or candidates for a person; neither means none."""

    twin: UUID | None = None
    candidates: tuple[Candidate, ...] = ()


@dataclass(frozen=True)
class MatchSubject:
    """The record a twin is looked for: what it says that could speak against a find.

    `external_refs` are its ids in systems beyond the two halves. `branch`: others have its tax id
    too, so that names no single one.
    """

    subject: UUID
    tax_id: str = ""
    external_refs: Mapping[str, str] = field(default_factory=dict)
    branch: bool = False

    @property
    def exact(self) -> frozenset[str]:
        """Reasons that name one firm."""
        return EXACT - {"tax_id"} if self.branch else EXACT


def match_result_of(
    source_record: MatchSubject, found: Sequence[Mapping[str, Any]], *, sender: str
) -> MatchResult:
    """What is to be made of the records that the other half's `matches` answered.

    Who is linked to the probe already is the twin. So is the single one that an exact id names, if
    it is free and no other exact id speaks against it. Several of them, one that is linked
    elsewhere or one that something speaks against are for a person, and likely ones that are free.
    A likely one that is linked elsewhere is someone else, and so is an archived one.
    """
    seen = [(_of_match(one, sender=sender), one) for one in found]
    mine = [one for one, _ in seen if one.linked_to == str(source_record.subject)]
    if mine:
        return MatchResult(twin=mine[0].id)
    active = [(one, row) for one, row in seen if row.get("status", "active") == "active"]
    exact = [(one, row) for one, row in active if source_record.exact.intersection(one.reasons)]
    if len(exact) == 1:
        (one, row) = exact[0]
        if one.linked_to is None and not _contradicts(source_record, row):
            return MatchResult(twin=one.id)
    free = [
        one
        for one, _ in active
        if one.linked_to is None or source_record.exact.intersection(one.reasons)
    ]
    return MatchResult(candidates=tuple(free))


def _of_match(row: Mapping[str, Any], *, sender: str) -> Candidate:
    reasons = tuple(str(reason) for reason in row.get("reasons") or ())
    return candidate_of(row, why=reasons[0] if reasons else "", sender=sender)


def _contradicts(source_record: MatchSubject, row: Mapping[str, Any]) -> bool:
    """Whether the record has another tax id, or another id in a system that both are known to."""
    mine, theirs = _plain(source_record.tax_id), _plain(str(row.get("tax_id") or ""))
    if mine and theirs and mine != theirs:
        return True
    return any(
        source_record.external_refs.get(link["system"], link["external_id"]) != link["external_id"]
        for link in row.get("external_refs") or ()
    )


def _plain(tax_id: str) -> str:
    """The tax id as it is read: width, case, blanks and punctuation do not count."""
    folded = unicodedata.normalize("NFKC", tax_id).casefold()
    return "".join(sign for sign in folded if sign.isalnum())


def candidate_of(record: Mapping[str, Any], *, why: str, sender: str) -> Candidate:
    """A record of the other half's list, with the record of the sender it is linked to."""
    links = [
        str(link["external_id"])
        for link in record.get("external_refs") or ()
        if link.get("system") == sender
    ]
    number = str(record.get("number") or record.get("code") or record.get("sku") or "")
    name = str(record.get("name") or "")
    return Candidate(
        id=UUID(record["id"]),
        label=f"{number} {name}".strip(),
        why=why,
        linked_to=links[0] if links else None,
        reasons=tuple(record.get("reasons") or (why,)),
        number=number,
        name=name,
    )


def result_of_search(
    certain: Sequence[Candidate], likely: Sequence[Candidate], *, subject: UUID
) -> MatchResult:
    """What is to be made of the finds.

    One single certain find that is free, or linked to the subject already, is the twin. Several
    certain finds, or one that is linked elsewhere, are for a person. Likely finds are for a
    person when they are free; one that is linked elsewhere is someone else.
    """
    mine = [one for one in (*certain, *likely) if one.linked_to == str(subject)]
    if mine:
        return MatchResult(twin=mine[0].id)
    if len(certain) == 1 and certain[0].linked_to is None:
        return MatchResult(twin=certain[0].id)
    if certain:
        return MatchResult(candidates=tuple(certain))
    return MatchResult(candidates=tuple(one for one in likely if one.linked_to is None))
