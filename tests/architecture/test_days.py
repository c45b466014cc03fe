"""Business days come from the application's clock, never from the database's or the machine's."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.sources import Source, code, files_of_tests

BY_SQL = re.compile(
    r"current_date|current_time\b|localtimestamp|localtime\b|(?:now|_timestamp)\(\)\s*::\s*date"
    r"|cast\s*\(\s*(?:now\(\)|current_timestamp)\s+as\s+date|date_trunc\([^)]*now\(\)"
    r"|'(?:today|yesterday|tomorrow)'\s*::|date\s+'(?:today|yesterday|tomorrow)'",
    re.IGNORECASE,
)
BY_PYTHON = {("date", "today"), ("datetime", "today"), ("datetime", "utcnow")}
HERE = "tests/architecture/test_days.py"


def days_by_sql(source: Source) -> Iterator[str]:
    """Texts in which the database is asked for the day."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Constant) and BY_SQL.search(str(node.value)):
            yield f"{source.at(node)}: the database's day is not the business day"


def days_by_python(source: Source) -> Iterator[str]:
    """Calls that read the day, or the time without a zone, from the machine."""
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else getattr(owner, "id", "")
            called, zone = (name, node.func.attr), node.args or node.keywords
            if called in BY_PYTHON or (called == ("datetime", "now") and not zone):
                yield f"{source.at(node)}: the machine's day is not the business day"


@pytest.mark.parametrize("asked", [days_by_sql, days_by_python])
def test_no_day_is_taken_from_the_database_or_the_machine(asked):
    """Decision 0046: `work.today()` in an act, `business_day(zone)` elsewhere."""
    found = [
        wrong
        for source in (*code(), *files_of_tests())
        if source.name != HERE
        for wrong in asked(source)
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "select current_date + 1",
        "now()::date",
        "clock_timestamp() :: date",
        "cast(now() as date)",
        "date_trunc('day', now())",
        "date 'today'",
        "LOCALTIMESTAMP",
    ],
)
def test_the_databases_day_is_recognised(text):
    assert BY_SQL.search(text)


def test_instants_of_the_database_may_be_asked():
    assert not BY_SQL.search("where lease_until <= now() or created_at > clock_timestamp()")
