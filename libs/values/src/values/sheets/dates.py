"""Days as files write them: by declared forms, to the digit, and never by guess."""

import re
from datetime import date, datetime, timedelta

from values.sheets.refused import Refused

__all__ = ["day_of", "problem_of_format"]

EXCEL = "excel"
_EPOCH = date(1899, 12, 30)
_LEAP_BUG = 60
"""Excel's day 60 is 29 February 1900, which never was; days up to it are read as one less."""

_DIRECTIVE = re.compile(r"%(.)")
_PATTERNS = {
    "Y": r"\d{4}", "y": r"\d{2}", "m": r"\d{1,2}", "d": r"\d{1,2}", "j": r"\d{1,3}",
    "H": r"\d{1,2}", "I": r"\d{1,2}", "M": r"\d{1,2}", "S": r"\d{1,2}", "f": r"\d{1,6}",
    "b": r"[A-Za-z]+\.?", "B": r"[A-Za-z]+", "p": r"[AaPp][Mm]", "z": r"Z|[+-]\d\d:?\d\d", "%": "%",
}  # fmt: skip
_FIXED = {"m": r"\d{2}", "d": r"\d{2}", "j": r"\d{3}", "H": r"\d{2}", "M": r"\d{2}", "S": r"\d{2}"}
_TWO_DAYS = "{text} is {days}: leave one form."
_NO_DAY = "{text} is no date of the form {forms}."
_NOTHING = "{text} is the day that a spreadsheet shows for nothing."


def problem_of_format(form: str, century: int | None) -> str | None:
    """What is wrong with a form of days such as `%d.%m.%Y`; None: nothing."""
    if form == EXCEL:
        return None
    names = _DIRECTIVE.findall(form)
    if "%" in _DIRECTIVE.sub("", form) or set(names) - set(_PATTERNS):
        return f"{form!r} is no form of days: it has %Y or %y, %m or %b or %B, and %d"
    month_and_day = ({"m", "b", "B"} & set(names) and "d" in names) or "j" in names
    if not ({"Y", "y"} & set(names) and month_and_day):
        return f"{form!r} does not say year, month and day"
    if "y" in names and century is None:
        return f"{form!r} has years of two digits: say `century`, such as 1950 for 1950 to 2049"
    return None


def day_of(text: str, forms: list[str], century: int | None) -> str:
    """The day, in ISO form. Raises Refused: no form reads it, or two read it differently."""
    days = {day for form in forms if (day := _read(text, form, century))}
    if len(days) > 1:
        told = " or ".join(sorted(day.isoformat() for day in days))
        raise Refused("ambiguous_date", _TWO_DAYS, text=repr(text), days=told)
    if not days:
        told = " or ".join(forms)
        raise Refused("not_date", _NO_DAY, text=repr(text), forms=told)
    (day,) = days
    if day == _EPOCH:
        raise Refused("damaged", _NOTHING, text=repr(text))
    return day.isoformat()


def _read(text: str, form: str, century: int | None) -> date | None:
    if form == EXCEL:
        return _serial(text)
    if not re.fullmatch(_pattern(form), text, re.ASCII):
        return None
    try:
        day = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day
    except ValueError:
        return None
    if "%y" in form and century is not None:
        year = century + (day.year - century) % 100
        try:
            return day.replace(year=year)
        except ValueError:  # 29 February of a year that has none
            return None
    return day


def _serial(text: str) -> date | None:
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
        return None
    serial = int(text)
    if serial <= _LEAP_BUG:
        return None
    return _EPOCH + timedelta(days=serial)


def _pattern(form: str) -> str:
    """What a text of this form looks like: digits that touch others have their full number."""
    parts = _DIRECTIVE.split(form)
    found = re.escape(parts[0])
    for at in range(1, len(parts), 2):
        touches = (at > 1 and parts[at - 1] == "") or (at + 2 < len(parts) and parts[at + 1] == "")
        table = _FIXED if touches and parts[at] in _FIXED else _PATTERNS
        found += f"(?:{table[parts[at]]})" + re.escape(parts[at + 1])
    return found
