"""What is written for people is true: links lead somewhere, words live where they are said to."""

import importlib
import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from contracts.generator.__main__ import registered
from contracts.generator.catalogue import variables
from tests.architecture.sources import ROOT, committed_files, sources

DECISIONS = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
PAGES = [path for path in committed_files() if path.suffix == ".md"]
SERVICES = registered(ROOT)
PLACEHOLDER = re.compile(r"\{[^}]+\}|<[^>]+>|\$\w+")


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("record", DECISIONS, ids=name)
def test_a_decision_says_why_what_and_at_what_cost(record):
    text = record.read_text("utf-8")
    assert len(text.splitlines()) <= 60
    for part in ("**Context.**", "**Decision.**", "**What it costs.**"):
        assert part in text


def test_every_decision_of_the_house_has_its_record():
    numbers = [int(path.name[:4]) for path in DECISIONS]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) >= 22
    index = (ROOT / "docs" / "decisions" / "README.md").read_text("utf-8")
    assert all(path.name[:4] in index for path in DECISIONS)


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files_that_are_there(page):
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
        if "://" not in target:
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_paths_of_the_api_exist(page):
    """A path that a page tells people to call is one that a service answers."""
    served = answered()
    for told in re.findall(r"(?<![\w.])(/v1/[\w/{}<>$.-]*[\w}>])", page.read_text("utf-8")):
        if "/..." not in told and not page.name.startswith("00"):
            assert served.fullmatch(PLACEHOLDER.sub("*", told).rstrip(".")), told


def documented_paths() -> set[str]:
    """Paths of the committed OpenAPI files."""
    texts = [path.read_text("utf-8") for path in (ROOT / "contracts" / "openapi").glob("*.json")]
    return {
        path for text in texts for path in re.findall(r'^    "(/[^"]*)": \{', text, re.MULTILINE)
    }


@cache
def answered() -> re.Pattern[str]:
    """What a path is that a service answers, with real ids in place of parameters."""
    served = {re.sub(r"\{[^}]+\}", "*", path) for path in documented_paths()}
    return re.compile("|".join(re.escape(path).replace(r"\*", "[^/]+") for path in served))


def test_words_of_the_glossary_live_where_they_are_said_to():
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    homes = re.findall(r"\| `([\w.<>]+)` \|$", text, re.MULTILINE)
    assert len(homes) > 20
    for home in homes:
        for package in ("erp", "crm", "sync_bridge") if "<service>" in home else ("",):
            module = home.replace("<service>", package)
            assert importlib.util.find_spec(module), module


def test_every_business_module_has_words_in_the_glossary():
    text = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    for package in ("erp", "crm"):
        folder = Path(importlib.import_module(package).__file__).parent
        modules = [path.parent for path in folder.glob("*/models.py")]
        assert modules
        for module in modules:
            assert f"`{package}.{module.name}`" in text


def test_services_read_their_environment_through_settings_only():
    """What is read elsewhere stands on no page of settings."""
    reading = [
        source.name
        for source in sources("libs/*/src", "services/*/src")
        if re.search(r"\benviron\b|\bgetenv\b", source.text) and "/testing" not in source.name
    ]
    assert reading == ["libs/chassis/src/chassis/secret_files.py"]


@pytest.mark.parametrize("service", SERVICES)
def test_every_setting_says_what_it_means(service):
    """The page of settings is generated from these descriptions."""
    settings = variables(SERVICES[service].settings)
    assert [name for name, field in settings.items() if not field.description] == []
    page = (ROOT / "docs" / "operations" / "settings.md").read_text("utf-8")
    assert [name for name in settings if f"`{name}`" not in page] == []
