"""The contracts of lint-imports leave no module out."""

import tomllib
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

PACKAGES = {"erp": "erp", "crm": "crm", "sync_bridge": "sync-bridge"}
BEHIND_THE_DOOR = ("models", "queries", "rules")
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
    "contracts"
]


def modules() -> dict[str, Path]:
    """The business modules of the services: those that keep something or reckon something."""
    return {
        f"{package}.{inside.parent.name}": inside.parent
        for package, folder in PACKAGES.items()
        for word in BEHIND_THE_DOOR
        for inside in (ROOT / "services" / folder / "src" / package).glob(f"*/{word}*")
        if inside.stem == word
    }


@pytest.mark.parametrize("module", sorted(modules()))
def test_every_module_has_a_door(module):
    """House section 2: models, queries and rules of a module are its own."""
    kept = {
        f"{module}.{word}"
        for word in BEHIND_THE_DOOR
        if any(inside.stem == word for inside in modules()[module].iterdir())
    }
    doors = [
        contract
        for contract in CONTRACTS
        if contract["type"] == "protected" and kept <= set(contract["protected_modules"])
    ]
    assert len(doors) == 1
    assert doors[0]["allowed_importers"] == [module, f"{module.partition('.')[0]}.tables"]


@pytest.mark.parametrize("module", sorted(modules()))
def test_every_module_is_layered_inside(module):
    layered = [
        contract
        for contract in CONTRACTS
        if contract["type"] == "layers" and module in contract.get("containers", ())
    ]
    assert [contract["exhaustive"] for contract in layered] == [True]


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_layered(package):
    layered = [
        contract
        for contract in CONTRACTS
        if contract["type"] == "layers" and package in contract.get("containers", ())
    ]
    assert [contract["exhaustive"] for contract in layered] == [True]
