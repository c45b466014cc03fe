"""Policies that operators follow are laid down whole: of every key and secret, and of libraries."""

import re
from typing import get_args

from pydantic import SecretStr

from contracts.generator.__main__ import registered
from contracts.generator.catalogue import variables
from tests.architecture.sources import ROOT

OPERATIONS = ROOT / "docs" / "operations"
OTHERS = (
    *("API key", "first keys", "password of a person", "invitation", "session"),
    *("second factor", "recovery codes", "keys of TLS", "signing keys of an issuer"),
)
"""What is no setting, and is a key or secret all the same."""


def rows(page: str, heading: str) -> list[list[str]]:
    """Cells of the rows of the first table below the heading, without those of its head."""
    below = (OPERATIONS / page).read_text("utf-8").partition(f"## {heading}\n")[2]
    table = re.search(r"(?:^\|.*\|\n)+", below, re.MULTILINE)
    assert table
    lines = table[0].splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    assert {len(one) for one in cells[2:]} == {len(cells[0])}
    return cells[2:]


def secret_settings() -> set[str]:
    """Variables of all services that are secret."""
    return {
        variable
        for service in registered(ROOT).values()
        for variable, field in variables(service.settings).items()
        if SecretStr in {field.annotation, *get_args(field.annotation)}
    }


def test_of_every_key_and_secret_its_whole_life_is_laid_down():
    """ASVS 11.1.1: who may hold it, its longest life, how it is made, changed and destroyed."""
    policy = rows("key-rotation.md", "Policy")
    for secret, *cells in policy:
        assert len(cells) == 5
        assert all(len(cell) >= 5 for cell in cells), secret
    named = " ".join(secret for secret, *_ in policy)
    assert [one for one in OTHERS if one not in named] == []
    settings = secret_settings()
    assert len(settings) >= 11
    known = settings | {one.replace(one.partition("_")[0], "*", 1) for one in settings}
    listed = set(re.findall(r"`([*A-Z][A-Z_]+|\*_[A-Z_]+)`", named))
    assert {one for one in listed if not one.endswith("_FILE")} <= known
    missing = {
        one
        for one in settings
        if f"`{one}`" not in named and f"`*_{one.partition('_')[2]}`" not in named
    }
    assert missing == set()


def test_for_each_severity_a_time_frame_to_mend_libraries_is_laid_down():
    """ASVS 15.1.1: within days, the worse the sooner; and for versions that are merely old."""
    frames = rows("libraries.md", "Time frames")
    days = {name.split(" ")[0].rstrip(":"): within for name, within, _ in frames}
    assert set(days) == {"critical", "high", "medium", "low", "none", "the"}
    counted = [int(days[one].partition(" days")[0]) for one in days]
    assert counted == sorted(counted)
    assert counted[0] <= 2
