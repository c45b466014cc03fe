"""The table of security points is whole, and each test that it cites is there."""

import re
from functools import cache
from typing import NamedTuple

import pytest

from tests.architecture.sources import ROOT, Source

PAGE = ROOT / "docs" / "operations" / "asvs.md"
SECTIONS = """1.1:2 1.2:9 1.3:11 1.4:3 1.5:2 2.1:3 2.2:3 2.3:4 2.4:1 3.2:2 3.3:4 3.4:6 3.5:5 3.7:2
4.1:3 4.2:1 4.3:2 4.4:4 5.1:1 5.2:3 5.3:2 5.4:3 6.1:3 6.2:12 6.3:4 6.4:4 6.5:5 6.6:3 6.8:4 7.1:3
7.2:4 7.3:2 7.4:5 7.5:2 7.6:2 8.1:2 8.2:3 8.3:1 8.4:1 9.1:3 9.2:4 10.1:2 10.2:2 10.3:4 10.4:11
10.5:5 10.6:2 10.7:3 11.1:2 11.2:3 11.3:3 11.4:4 11.5:1 11.6:1 12.1:3 12.2:2 12.3:4 13.1:1 13.2:5
13.3:2 13.4:5 14.1:2 14.2:4 14.3:3 15.1:3 15.2:3 15.3:7 16.1:1 16.2:5 16.3:4 16.4:3 16.5:3 17.1:1
17.2:4 17.3:2"""
"""Of each section of ASVS 5.0.0 how many points are of level 1 or 2: the first so many."""
STATES = ("proven", "not applicable", "not yet")
CITED = re.compile(r"`([\w/.-]+\.py)::(\w+)`")


class Row(NamedTuple):
    """One point of the standard, and how it stands here."""

    number: str
    level: str
    asked: str
    state: str
    told: str


def rows() -> list[Row]:
    """The rows of all tables of the page."""
    lines = re.findall(r"^\| (\d.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    return [Row(*(cell.strip() for cell in line.split(" | "))) for line in lines]


@cache
def functions(path: str) -> frozenset[str]:
    """Names of the functions of a file."""
    return frozenset(one.name for one in Source(ROOT / path).functions())


def test_every_point_of_levels_1_and_2_stands_there_once_in_order():
    counts = [one.split(":") for one in SECTIONS.split()]
    points = [f"{name}.{at}" for name, count in counts for at in range(1, int(count) + 1)]
    assert [row.number for row in rows()] == points
    assert [row.level for row in rows()].count("1") == 70
    assert {row.level for row in rows()} == {"1", "2"}


@pytest.mark.parametrize("row", rows(), ids=lambda row: row.number)
def test_a_row_says_what_is_asked_and_how_it_stands(row):
    assert row.state in STATES
    assert len(row.asked.split()) >= 2
    cited = CITED.findall(row.told)
    assert row.told.count("::") == len(cited), "a citation is `path.py::test_name`"
    assert [one for one in cited if one[1] not in functions(one[0])] == []
    assert all(name.startswith("test_") for _, name in cited)
    assert cited or (row.state != "proven" and len(row.told.split()) >= 4)


def test_the_sums_on_the_page_are_those_of_its_rows():
    sums = re.compile(r"^\| (proven|not applicable|not yet) \| (\d+) \|", re.MULTILINE)
    states = [row.state for row in rows()]
    assert sums.findall(PAGE.read_text("utf-8")) == [
        (state, str(states.count(state))) for state in STATES
    ]
