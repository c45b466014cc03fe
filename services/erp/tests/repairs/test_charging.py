"""Warranty and price of repairs as rules."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pytest

from erp.repairs.rules.charging import (
    charge_of,
    charged,
    quoted,
    under_warranty,
    warranty_ends_on,
)
from erp.repairs.states import PARTS_WANTED, REPAIR_FOLLOWING, RepairState


@dataclass
class Line:
    """A part or labour."""

    quantity: Decimal
    used: Decimal
    unit_price: Decimal
    covered: bool = True


PART = Line(Decimal(2), Decimal(1), Decimal("9.9900"))
LABOUR = Line(Decimal("1.5"), Decimal("1.5"), Decimal(80))
DAMAGE = Line(Decimal(1), Decimal(1), Decimal(20), covered=False)


def test_a_warranty_decides_the_price_line_by_line():
    """E66: covered lines are free of charge under warranty; what was not used is not charged."""
    lines = [PART, LABOUR, DAMAGE]
    assert quoted(lines, warranty=False, decimals=2) == Decimal("159.98")
    assert charged(lines, warranty=False, decimals=2) == Decimal("149.99")
    assert charged(lines, warranty=True, decimals=2) == Decimal(20)
    assert charged([], warranty=True, decimals=2) == 0
    third = Line(Decimal(1), Decimal("0.333"), Decimal("0.05"))
    assert charge_of(third, third.used, warranty=False, decimals=2) == Decimal("0.02")


def test_a_warranty_lasts_months_from_the_day_of_shipment():
    """E66: the last day counts; short months end it earlier; never shipped has none."""
    assert warranty_ends_on(date(2024, 2, 29), 12) == date(2025, 2, 28)
    assert warranty_ends_on(date(2025, 12, 31), 2) == date(2026, 2, 28)
    shipped = date(2025, 11, 30)
    assert under_warranty(shipped, 12, date(2026, 11, 30))
    assert not under_warranty(shipped, 12, date(2026, 12, 1))
    assert not under_warranty(shipped, 12, date(2025, 11, 29))
    assert not under_warranty(shipped, 0, shipped)
    assert not under_warranty(None, 12, shipped)
    for day, months in ((shipped, -1), (date(9999, 12, 1), 1)):
        with pytest.raises(ValueError, match="a warranty"):
            warranty_ends_on(day, months)


def test_parts_are_wanted_from_confirmation_until_done():
    """E66: parts are a demand at confirmation, not at the finish; work begun is not cancelled."""
    assert {RepairState.CONFIRMED, RepairState.IN_REPAIR} == PARTS_WANTED
    assert set(REPAIR_FOLLOWING) == set(RepairState)
    assert RepairState.CANCELLED not in REPAIR_FOLLOWING[RepairState.IN_REPAIR]
