"""The contracts of lint-imports leave no module out."""

import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import grimp
import pytest

from tests.architecture.sources import ROOT, code

PACKAGES = {"erp": "erp", "crm": "crm", "sync_bridge": "sync-bridge"}
INTERNAL = ("models", "queries", "rules")
LINTER = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
CONTRACTS = LINTER["contracts"]
DISTRIBUTIONS = sorted(
    package.parent.name for package in ROOT.glob("*/*/src/*/__init__.py") if package.is_file()
)


def modules() -> dict[str, Path]:
    """The business modules of the services: those that keep something or reckon something."""
    return {
        f"{package}.{inside.parent.name}": inside.parent
        for package, folder in PACKAGES.items()
        for word in INTERNAL
        for inside in (ROOT / "services" / folder / "src" / package).glob(f"*/{word}*")
        if inside.stem == word
    }


@pytest.mark.parametrize("module", sorted(modules()))
def test_every_module_keeps_its_internals_to_itself(module):
    """House section 2: models, queries and rules of a module are its own."""
    kept = {
        f"{module}.{word}"
        for word in INTERNAL
        if any(inside.stem == word for inside in modules()[module].iterdir())
    }
    protecting = [
        contract
        for contract in CONTRACTS
        if contract["type"] == "protected" and kept <= set(contract["protected_modules"])
    ]
    assert len(protecting) == 1
    assert protecting[0]["allowed_importers"] == [module]


@pytest.mark.parametrize("module", sorted(modules()))
def test_every_module_is_layered_inside(module):
    layered = [
        contract
        for contract in CONTRACTS
        if contract["type"] == "layers" and module in contract.get("containers", ())
    ]
    assert [contract["exhaustive"] for contract in layered] == [True]


def test_every_distribution_is_looked_at_and_typed_imports_count():
    """A cycle hidden behind TYPE_CHECKING is one all the same."""
    assert sorted(LINTER["root_packages"]) == DISTRIBUTIONS
    assert LINTER["exclude_type_checking_imports"] is False
    assert not any("ignore_imports" in contract for contract in CONTRACTS)
    (acyclic,) = [one for one in CONTRACTS if one["type"] == "acyclic_siblings"]
    assert sorted(acyclic["ancestors"]) == DISTRIBUTIONS
    assert "skip_descendants" not in acyclic


def test_no_import_is_hidden_from_the_run():
    hidden = [source.name for source in code() if "TYPE_CHECKING" in source.text]
    assert not hidden


def test_no_module_imports_itself_by_way_of_others():
    """Also across packages, and wherever in a function the import stands."""
    graph = grimp.build_graph(*DISTRIBUTIONS, exclude_type_checking_imports=False, cache_dir=None)
    imports = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(imports) > 500
    TopologicalSorter(imports).prepare()  # raises CycleError, which names the cycle


@pytest.mark.parametrize("package", DISTRIBUTIONS)
def test_every_package_is_layered(package):
    layered = [
        contract
        for contract in CONTRACTS
        if contract["type"] == "layers" and package in contract.get("containers", ())
    ]
    assert [contract["exhaustive"] for contract in layered] == [True]
