"""When the offset of a zone changes: a year as spans within which the clock runs evenly."""

from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from calendars.errors import UnknownZone
from calendars.instants import SECOND, instant_of, year_start

__all__ = ["EvenSpan", "even_spans", "require_zone"]

EvenSpan = tuple[int, int, int]
"""From, until, and what the wall clock is ahead of UTC meanwhile; in microseconds."""

_PROBE = 6 * 3600 * SECOND
"""No zone changes its clock twice within six hours."""


@lru_cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def require_zone(name: str) -> ZoneInfo:
    """The zone of that name. Raises UnknownZone."""
    if name not in _zones():
        message = f"there is no zone {name!r}"
        raise UnknownZone(message)
    return ZoneInfo(name)


def _offset(zone: ZoneInfo, micros: int) -> int:
    offset = instant_of(micros).astimezone(zone).utcoffset() or timedelta()
    return offset // timedelta(microseconds=1)


def _change(zone: ZoneInfo, early: int, late: int) -> int:
    """The first whole second, after the early one, with the offset of the late one."""
    wanted = _offset(zone, late)
    low, high = early // SECOND, late // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, middle * SECOND) == wanted:
            high = middle
        else:
            low = middle
    return high * SECOND


@lru_cache(maxsize=4096)
def even_spans(zone_name: str, year: int) -> tuple[EvenSpan, ...]:
    """The year in UTC, from its first to its last instant, as spans of one offset each."""
    zone = require_zone(zone_name)
    begin, end = year_start(year), year_start(year + 1)
    if zone.utcoffset(None) is not None:
        fixed = _offset(zone, begin)
        return ((begin, end, fixed),)
    spans: list[EvenSpan] = []
    start, offset = begin, _offset(zone, begin)
    for probe in range(begin + _PROBE, end + 1, _PROBE):
        later = _offset(zone, probe)
        if later != offset:
            change = _change(zone, probe - _PROBE, probe)
            spans.append((start, change, offset))
            start, offset = change, later
    if start < end:
        spans.append((start, end, offset))
    return tuple(spans)
