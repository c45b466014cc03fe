"""`make module` makes modules that are whole: checks and their own tests are green at once.

It is tried in a copy of the repository, so that this one stays as it is.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

MADE = {"crm": ("referral", "referrals"), "erp": ("campaign_contact", "campaign_contacts")}
LINES = 250
BIN = Path(sys.executable).parent
CHECKS: dict[str, list[str | Path]] = {
    "format": [BIN / "ruff", "format", "--check", "--quiet", "services", "contracts"],
    "lint": [BIN / "ruff", "check", "--quiet", "services", "contracts"],
    "types": [
        BIN / "mypy",
        *(f"services/{one}/src/{one}/{many}" for one, (_, many) in MADE.items()),
    ],
    "imports": [BIN / "lint-imports", "--no-cache"],
    "contracts": [sys.executable, "-m", "contracts.generator", "check"],
}
OWN_TESTS = [f"services/{service}/tests/{many}" for service, (_, many) in MADE.items()]
COMMON_TESTS = [
    "tests/architecture/test_modules.py",
    "tests/architecture/test_texts.py",
    "tests/architecture/test_documents.py",
    "services/crm/tests/test_lists_search.py::test_every_list_is_searched_or_says_why_not",
    "services/crm/tests/test_states.py",
    "services/crm/tests/test_schema.py",
]
ALL_RECORDS = [
    "tests/records",
    "-k",
    " or ".join(many.replace("_", "-") for _, many in MADE.values()),
]


def run(copy: Path, *command: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the copy, on the copy's code."""
    code = [str(one) for one in copy.glob("*/*/src")]
    env = os.environ | {"PYTHONPATH": os.pathsep.join(code)} | settings
    return subprocess.run(command, cwd=copy, env=env, capture_output=True, text=True, check=False)


def make(copy: Path, name: str, service: str) -> subprocess.CompletedProcess[str]:
    """`make module` there."""
    return run(copy, sys.executable, "deploy/local/module.py", name, service)


@pytest.fixture(scope="module")
def plain() -> Iterator[Path]:
    """A copy of the repository that the database's user may read as well."""
    copy = Path(tempfile.mkdtemp(prefix="modules-"))
    copy.chmod(0o1777)
    clone = ["git", "clone", "--quiet", str(ROOT), str(copy)]  # the contracts ask for history
    subprocess.run(clone, check=True)
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    files = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy / name)
    subprocess.run(["git", "add", "--all"], cwd=copy, check=True)  # tests ask git for the files
    subprocess.run([sys.executable, "-m", "compileall", "-q", copy], check=True)
    yield copy
    shutil.rmtree(copy)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Referral", "no name"),
        ("x" * 17, "longer than 16"),
        ("order", "word of SQL"),
        ("account", "has a table account"),
        ("orders", "is there already"),
    ],
)
def test_a_name_that_cannot_be_is_refused_and_nothing_is_made(plain, name, why):
    given = ["order_list", "crm", "--many", "orders"] if name == "orders" else [name, "crm"]
    before = run(plain, "git", "status", "--porcelain").stdout
    refused = run(plain, sys.executable, "deploy/local/module.py", *given)
    assert (refused.returncode, why in refused.stderr) == (2, True), refused.stderr
    assert run(plain, "git", "status", "--porcelain").stdout == before


@pytest.fixture(scope="module")
def copy(plain) -> Path:
    """The copy with a module more in each half."""
    for service, (name, _) in MADE.items():
        made = make(plain, name, service)
        assert made.returncode == 0, made.stderr
    return plain


@pytest.mark.parametrize("check", CHECKS)
def test_made_modules_pass_every_check(copy, check):
    done = run(copy, *CHECKS[check])
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "tests", [[*OWN_TESTS, *COMMON_TESTS], ALL_RECORDS], ids=["own and common", "records"]
)
def test_tests_of_made_modules_and_those_of_all_modules_pass(copy, tests):
    """Those that come with them, those over all modules, and those over all record types."""
    folder = copy / "tmp"
    folder.mkdir(mode=0o1777, exist_ok=True)
    folder.chmod(0o1777)
    options = ("-q", "-n", "0", "-p", "no:cacheprovider")
    done = run(copy, sys.executable, "-m", "pytest", *options, *tests, TMPDIR=str(folder))
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


@pytest.mark.parametrize("service", MADE)
def test_a_made_module_is_short(copy, service):
    files = (copy / "services" / service / "src" / service / MADE[service][1]).glob("*.py")
    assert sum(len(one.read_text("utf-8").splitlines()) for one in files) <= LINES
