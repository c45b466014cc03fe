"""Alerts and dashboards ask for figures that exist, in queries that parse."""

import json
import re

import promql_parser
import pytest
import yaml

from chassis.telemetry.metrics import Metrics
from erp.app import SERVICE as ERP
from sync_bridge.app import SERVICE as BRIDGE
from tests.architecture.sources import ROOT

FOLDER = ROOT / "deploy" / "observability"
RUNBOOK = ROOT / "docs" / "operations" / "alerts.md"


def alerts() -> dict[str, str]:
    """Alert -> its expression."""
    document = yaml.safe_load((FOLDER / "alerts.yml").read_text("utf-8"))
    rules = [rule for group in document["groups"] for rule in group["rules"]]
    return {rule["alert"]: rule["expr"] for rule in rules}


def dashboard_queries() -> dict[str, str]:
    """Panel title and letter -> query, with the dashboard's variables filled in."""
    board = json.loads((FOLDER / "grafana" / "tandem.json").read_text("utf-8"))
    return {
        f"{panel['title']} {target['refId']}": target["expr"].replace("$service", ".*")
        for panel in board["panels"]
        for target in panel["targets"]
    }


QUERIES = {**alerts(), **dashboard_queries()}


@pytest.fixture(scope="module")
def exported() -> set[str]:
    """Names of the series a service exports."""
    figures = [one for service in (ERP, BRIDGE) for one in service.metrics]
    families = Metrics("any", figures).registry.collect()
    names: set[str] = set()
    for family in families:
        parts = {"histogram": ("_bucket", "_count", "_sum"), "counter": ("_total",)}
        names |= {family.name + part for part in parts.get(family.type, ("",))}
    return names


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_parses_and_asks_for_what_is_exported(name, exported):
    promql_parser.parse(QUERIES[name])
    asked = set(re.findall(r"\btandem_\w+", QUERIES[name]))
    assert asked
    assert asked <= exported


def test_a_wrong_query_would_be_seen():
    with pytest.raises(ValueError, match="parenthesis"):
        promql_parser.parse("sum(rate(tandem_jobs[5m])")


def test_every_alert_has_its_runbook():
    sections = set(re.findall(r"^## (\w+)", RUNBOOK.read_text("utf-8"), re.MULTILINE))
    assert set(alerts()) == sections
