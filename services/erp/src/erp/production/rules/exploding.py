"""What an item is made of, and what it goes into: exact numbers until the end (E51, E59).

Quantities are fractions, so that nothing is rounded on the way through phantoms and levels.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from erp.production.states import BomKind, ComponentSource
from values.decimals import rounded_up

__all__ = [
    "Bill",
    "Line",
    "Need",
    "Structure",
    "Use",
    "indented",
    "rounded_up",
    "summarised",
    "uses",
]


@dataclass(frozen=True, slots=True)
class Line:
    """A component of a bill: how much of it one of what the bill makes needs, scrap included."""

    item_id: UUID
    per_piece: Fraction
    phantom: bool | None = None

    @classmethod
    def of(
        cls,
        item_id: UUID,
        quantity: Decimal,
        *,
        ratio: tuple[int, int] = (1, 1),
        scrap: Decimal = Decimal(0),
        makes: Decimal = Decimal(1),
        phantom: bool | None = None,
    ) -> "Line":
        """The line of a bill that makes so many; scrap is the part of what is issued that is lost.

        To have 95 good ones at a scrap of 0.05, 100 are issued (E59).
        """
        own = Fraction(quantity) * Fraction(*ratio)
        return cls(item_id, own / (1 - Fraction(scrap)) / Fraction(makes), phantom)


@dataclass(frozen=True, slots=True)
class Bill:
    """The revision of an item that counts, with the lines that count."""

    id: UUID
    kind: BomKind
    lines: Sequence[Line]


Structure = Mapping[UUID, Bill]
"""Item -> its bill; what is not in it is bought."""


@dataclass(frozen=True, slots=True)
class Need:
    """So much of an item is needed, at this level below what is made."""

    level: int
    item_id: UUID
    quantity: Fraction
    source: ComponentSource


@dataclass(frozen=True, slots=True)
class Use:
    """An item is needed for another: so much for one of it, so many levels above."""

    level: int
    item_id: UUID
    quantity: Fraction


def _source(structure: Structure, line: Line) -> ComponentSource:
    """Whether the component is passed through, made or bought; the line may say otherwise."""
    bill = structure.get(line.item_id)
    if bill is None:
        return ComponentSource.BOUGHT
    phantom = bill.kind == BomKind.PHANTOM if line.phantom is None else line.phantom
    return ComponentSource.PHANTOM if phantom else ComponentSource.MADE


def summarised(
    structure: Structure, item_id: UUID, quantity: Fraction, *, levels: int
) -> list[Need]:
    """Each item once with all that is needed of it, the lowest level at which it is needed.

    Level by level, so that what is shared counts once for each level and not for each way to it.
    A phantom is passed through and makes no level (E51); the same item adds. An item that is a
    phantom on one line and made on another is in both.
    """
    totals: dict[tuple[UUID, ComponentSource], Fraction] = defaultdict(Fraction)
    lowest: dict[tuple[UUID, ComponentSource], int] = {}
    frontier = {item_id: quantity}
    for level in range(1, levels + 1):
        made: dict[UUID, Fraction] = defaultdict(Fraction)
        while frontier:
            passed: dict[UUID, Fraction] = defaultdict(Fraction)
            for parent, amount in frontier.items():
                for line in structure[parent].lines if parent in structure else ():
                    source = _source(structure, line)
                    needed = amount * line.per_piece
                    totals[line.item_id, source] += needed
                    lowest[line.item_id, source] = level
                    if source == ComponentSource.PHANTOM:
                        passed[line.item_id] += needed
                    elif source == ComponentSource.MADE:
                        made[line.item_id] += needed
            frontier = passed
        frontier = made
        if not frontier:
            break
    return [
        Need(lowest[key], key[0], total, key[1])
        for key, total in sorted(totals.items(), key=lambda one: lowest[one[0]])
    ]


def indented(
    structure: Structure, item_id: UUID, quantity: Fraction, *, levels: int
) -> Iterator[Need]:
    """Each line in its place below the one that it is for; a line of a phantom is one level lower.

    `levels` counts as in `summarised`. Shared components are repeated: take as many as you want.
    """
    ends = [(1, levels, quantity, iter(structure[item_id].lines if item_id in structure else ()))]
    while ends:
        level, left, amount, lines = ends[-1]
        line = next(lines, None)
        if line is None:
            ends.pop()
            continue
        source, needed = _source(structure, line), amount * line.per_piece
        yield Need(level, line.item_id, needed, source)
        left -= source == ComponentSource.MADE
        if source != ComponentSource.BOUGHT and left > 0:
            ends.append((level + 1, left, needed, iter(structure[line.item_id].lines)))


def uses(
    parents: Mapping[UUID, Mapping[UUID, Fraction]], item_id: UUID, *, levels: int
) -> list[Use]:
    """What the item goes into: item -> those made of it, and how much of it one of them needs.

    The level is that of the shortest way; quantities of all ways add.
    """
    totals: dict[UUID, Fraction] = defaultdict(Fraction)
    nearest: dict[UUID, int] = {}
    frontier = {item_id: Fraction(1)}
    for level in range(1, levels + 1):
        above: dict[UUID, Fraction] = defaultdict(Fraction)
        for component, amount in frontier.items():
            for parent, per_piece in parents.get(component, {}).items():
                above[parent] += amount * per_piece
        for parent, amount in above.items():
            totals[parent] += amount
            nearest.setdefault(parent, level)
        frontier = above
        if not frontier:
            break
    return [Use(level, one, totals[one]) for one, level in nearest.items()]
