"""Days of periods."""

from datetime import date, timedelta

__all__ = ["quarter_end"]


def quarter_end(first: date) -> date:
    """The last day of the quarter that begins on that day."""
    month = first.month + 3
    return date(first.year + month // 13, (month - 1) % 12 + 1, 1) - timedelta(days=1)
