"""Weeks and months as periods of a history and of a forecast."""

from datetime import date, timedelta
from itertools import pairwise

from erp.demand_forecasts.states import Bucket

__all__ = ["begins", "periods_from"]


def begins(day: date, bucket: Bucket) -> date:
    """The first day of the week (Monday) or month that the day lies in."""
    if bucket == Bucket.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday())


def _moved(first: date, bucket: Bucket, number: int) -> date:
    if bucket == Bucket.WEEK:
        return first + timedelta(weeks=number)
    months = first.year * 12 + first.month - 1 + number
    return date(months // 12, months % 12 + 1, 1)


def periods_from(first: date, bucket: Bucket, number: int) -> list[tuple[date, date]]:
    """So many periods (first and last day) from one that begins on the day; below 0: before it."""
    days = [_moved(first, bucket, at) for at in range(min(number, 0), max(number, 0) + 1)]
    return [(begin, after - timedelta(days=1)) for begin, after in pairwise(days)]
