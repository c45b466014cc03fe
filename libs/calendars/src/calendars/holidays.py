"""Public holidays of a country, with the days that are worked to make up for bridge days."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays

from calendars.errors import UnknownHolidays

__all__ = ["HolidayYear", "PublicHolidays"]


@dataclass(frozen=True)
class HolidayYear:
    """Days off with their names, and days of rest that are worked, of one year."""

    off: dict[date, str]
    worked: frozenset[date]


@dataclass(frozen=True)
class PublicHolidays:
    """The public holidays of a country (ISO 3166 code) or of one region of it."""

    country: str
    region: str | None = None

    def __post_init__(self) -> None:
        regions = holidays.list_supported_countries(include_aliases=False).get(self.country)
        if regions is None or (self.region is not None and self.region not in regions):
            message = f"no public holidays are listed for {self.country} {self.region or ''}"
            raise UnknownHolidays(message.strip())

    def of_year(self, year: int, language: str = "en_US") -> HolidayYear:
        """The days of a year; published swap days of mainland China are among them.

        Names are in that language where they have been translated.
        """
        return _of_decade(self.country, self.region, year // 10, language)[year % 10]


@lru_cache(maxsize=1024)
def _of_decade(
    country: str, region: str | None, decade: int, language: str
) -> tuple[HolidayYear, ...]:
    """Ten years at once. A day off may be due to a feast of the year before or after."""
    first = decade * 10
    listed = holidays.country_holidays(
        country,
        subdiv=region,
        years=range(first - 1, first + 11),
        expand=False,
        language=language,
    )
    off: list[dict[date, str]] = [{} for _ in range(10)]
    for day, name in listed.items():
        if first <= day.year < first + 10:
            off[day.year - first][day] = name
    made_up: frozenset[date] = frozenset(getattr(listed, "weekend_workdays", ()))
    return tuple(
        HolidayYear(days, frozenset(day for day in made_up if day.year == first + at))
        for at, days in enumerate(off)
    )
