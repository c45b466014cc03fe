"""What is in each image is written down in a common form (ASVS 15.1.2)."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def bills():
    done = subprocess.run(
        [sys.executable, "deploy/sbom.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    folder = ROOT / "build" / "sbom"
    return {
        service: json.loads((folder / f"tandem-{service}.cdx.json").read_text("utf-8"))
        for service in ("erp", "crm", "sync-bridge")
    }


@pytest.mark.parametrize("service", ["erp", "crm", "sync-bridge"])
def test_an_images_bill_lists_libraries_with_hashes_and_licences(bills, service):
    parts = {one["name"]: one for one in bills[service]["components"]}
    locked = (ROOT / "requirements/runtime.txt").read_text("utf-8")
    assert re.findall(r"^fastapi==(\S+)", locked, re.MULTILINE) == [parts["fastapi"]["version"]]
    assert parts["fastapi"]["licenses"] == [{"license": {"name": "MIT"}}]
    hashes = parts["fastapi"]["externalReferences"][0]["hashes"]
    assert {one["alg"] for one in hashes} == {"SHA-256"}
    assert parts["python"]["version"] == "3.11-slim-bookworm"


def test_our_own_distributions_are_in_the_bill_of_the_image_that_has_them(bills):
    own = {
        service: {one["name"] for one in bill["components"] if one["name"].startswith("tandem-")}
        for service, bill in bills.items()
    }
    assert "tandem-crm" in own["crm"] - own["erp"]
    assert "tandem-erp" in own["erp"] - own["crm"]
    assert own["erp"] & own["crm"] == own["sync-bridge"] - {"tandem-sync-bridge"}


def test_what_other_platforms_need_is_in_no_bill(bills):
    """The lock names libraries of Windows and of later Pythons too; markers keep them out."""
    names = [one["name"] for one in bills["erp"]["components"]]
    assert "colorama" not in names
    assert len(names) == len(set(names))
