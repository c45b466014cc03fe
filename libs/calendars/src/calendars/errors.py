"""What a calendar refuses, as plain errors of the language."""

__all__ = [
    "CalendarError",
    "EmptyCalendar",
    "NoSuchBlock",
    "OutOfCalendar",
    "OverlappingBlocks",
    "UnknownHolidays",
    "UnknownZone",
]


class CalendarError(ValueError):
    """A calendar cannot be so, or cannot answer that."""


class EmptyCalendar(CalendarError):
    """No weekday has working hours: no due time would ever come."""


class NoSuchBlock(CalendarError):
    """The block has no such hours."""


class OverlappingBlocks(CalendarError):
    """Two blocks of one day overlap."""


class UnknownZone(CalendarError):
    """There is no such zone in the IANA database."""


class UnknownHolidays(CalendarError):
    """No public holidays are listed for the country or its region."""


class OutOfCalendar(CalendarError):
    """The answer lies outside the years that calendars cover."""
