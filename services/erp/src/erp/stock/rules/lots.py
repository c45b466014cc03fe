"""Which lots are used, in which order, and how what is reserved of an item lies on them (E40)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

__all__ = ["ItemLots", "LotBucket", "LotShare", "shares_of"]

_NOTHING = Decimal(0)
LotShare = tuple[UUID, Decimal]
"""So many of a lot."""


@dataclass(slots=True)
class LotBucket:
    """What of a lot lies at our location."""

    lot_id: UUID
    number: str
    quality: str
    usable_until: date
    received_on: date
    on_hand: Decimal
    reserved: Decimal
    reserved_on: date | None
    owner: str = "own"
    changed: bool = False
    withheld: bool = False
    """It is about to become one that may not be used; its state is stored after its stock."""

    def usable(self, today: date) -> bool:
        """Whether it is released, and not expired on the day."""
        released = self.quality == "released" and not self.withheld
        return released and self.usable_until >= today

    def move(self, quantity: Decimal) -> None:
        """So many came (above zero), or went."""
        self.on_hand += quantity
        self.changed = True


@dataclass
class ItemLots:
    """The lots of ours of an item that are at hand to an act, the item's level being locked."""

    picking: str
    today: date
    buckets: dict[UUID, LotBucket] = field(default_factory=dict)

    @property
    def restricted(self) -> Decimal:
        """What lies in lots that may not be used."""
        return sum(
            (one.on_hand for one in self.buckets.values() if not one.usable(self.today)), _NOTHING
        )

    @property
    def in_order(self) -> list[LotBucket]:
        """Those that may be used, in the order in which they leave: FEFO or FIFO, by item.

        First the one that expires first, or that came first; then by number.
        """
        first = "usable_until" if self.picking == "fefo" else "received_on"
        usable = [one for one in self.buckets.values() if one.usable(self.today)]
        return sorted(usable, key=lambda one: (getattr(one, first), one.number))

    def unusable(self, shares: Iterable[LotShare]) -> Decimal:
        """What of the shares is of lots that may not be used."""
        return sum(
            (many for one, many in shares if not self.buckets[one].usable(self.today)), _NOTHING
        )

    def choose(
        self, quantity: Decimal, taken: dict[UUID, Decimal], least: Mapping[UUID, Decimal] | None
    ) -> list[LotShare]:
        """The lots that so many leave from; fewer come back where not so many may be used.

        What is `taken` of lots is left; what is chosen is taken as well. `least` of a past day:
        the least that lay of each lot on the day, or on one since then.
        """
        found = []
        for one in self.in_order:
            lay = (
                one.on_hand if least is None else min(one.on_hand, least.get(one.lot_id, _NOTHING))
            )
            share = min(lay - taken.get(one.lot_id, _NOTHING), quantity)
            if share > 0:
                found.append((one.lot_id, share))
                taken[one.lot_id] = taken.get(one.lot_id, _NOTHING) + share
                quantity -= share
        return found

    def settle(self, reserved: Decimal) -> Decimal:
        """Lay what is reserved of the item on its lots; what none can bear.

        The lots that leave first bear it. What was reserved of a lot that has expired since stays
        there as long as no other one can bear it: who looks after that gives it up.
        """
        wanted = dict.fromkeys(self.buckets, _NOTHING)
        for one in self.in_order:
            wanted[one.lot_id] = min(one.on_hand, reserved)
            reserved -= wanted[one.lot_id]
        for one in self.buckets.values():
            if one.quality == "released" and one.usable_until < self.today and not one.withheld:
                wanted[one.lot_id] = min(one.on_hand, one.reserved, reserved)
                reserved -= wanted[one.lot_id]
        for lot_id, quantity in wanted.items():
            one = self.buckets[lot_id]
            if quantity > one.reserved:
                one.reserved_on = self.today
            one.changed |= quantity != one.reserved
            one.reserved = quantity
        return reserved


def shares_of(named: Iterable[LotShare]) -> dict[UUID, Decimal]:
    """How many in all of each lot."""
    found: dict[UUID, Decimal] = {}
    for lot_id, quantity in named:
        found[lot_id] = found.get(lot_id, _NOTHING) + quantity
    return found
