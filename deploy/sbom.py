"""Writes what is in each image: a bill of materials in CycloneDX for each, and NOTICE for all.

    python deploy/sbom.py            build/sbom/tandem-<service>.cdx.json, and NOTICE
    python deploy/sbom.py --check    whether NOTICE is fresh and the bills are valid

The libraries come from requirements/runtime.txt, with their hashes; our own distributions and the
base image from deploy/Dockerfile; licences from the metadata of what is installed here.
Exit codes: 0 all good, 1 NOTICE is not fresh or a bill is not valid.
"""

import importlib.metadata
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
SERVICES = ("erp", "crm", "sync-bridge")
LOCKED = ROOT / "requirements" / "runtime.txt"
NOTICE = ROOT / "NOTICE"
OUT = ROOT / "build" / "sbom"
HEADING = """Tandem
The images of Tandem contain these libraries of others, each under its own licence.

"""


def main(arguments: list[str]) -> int:
    """Write the bills and NOTICE, or judge them."""
    libraries = read_libraries()
    notice = HEADING + "".join(
        f"{name} {version}: {of}\n" for name, version, of in named(libraries)
    )
    wrong = [
        f"{service}: {fault}"
        for service in SERVICES
        if (fault := write(service, libraries)) is not None
    ]
    if "--check" not in arguments:
        NOTICE.write_text(notice, encoding="utf-8")
    elif not NOTICE.exists() or NOTICE.read_text(encoding="utf-8") != notice:
        wrong.append("NOTICE is not fresh: run `make sbom` and commit it")
    for one in wrong:
        print(one, file=sys.stderr)
    return 1 if wrong else 0


def read_libraries() -> list[dict[str, Any]]:
    """The components of the locked requirements, each with its licence where metadata tells it."""
    command = [sys.executable, "-m", "cyclonedx_py", "requirements", str(LOCKED)]
    command += ["--output-format", "JSON", "--output-reproducible"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    locked = installed_in_images()
    components: list[dict[str, Any]] = [
        one
        for one in json.loads(done.stdout)["components"]
        if (one["name"].lower(), one["version"]) in locked
    ]
    for one in components:
        one.pop("description", None)
        one["bom-ref"] = one["purl"]
        one["licenses"] = [{"license": {"name": licence(one["name"])}}]
    return sorted(components, key=lambda one: str(one["name"]).lower())


def installed_in_images() -> set[tuple[str, str]]:
    """Name and version of each library that the lock's markers let into the image."""
    python = re.findall(r"^ARG PYTHON=(\d+\.\d+)", recipe(), re.MULTILINE)[0]
    place = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
    }
    lines = re.findall(r"^[A-Za-z0-9].*?==[^\\\n]*", LOCKED.read_text("utf-8"), re.MULTILINE)
    wanted = (Requirement(line) for line in lines)
    return {
        (one.name.lower(), str(one.specifier).removeprefix("=="))
        for one in wanted
        if one.marker is None or one.marker.evaluate(place)
    }


def licence(distribution: str) -> str:
    """The licence that a distribution's own metadata names.

    Falls back from the SPDX expression to the classifiers and to the first line of the text.
    """
    try:
        facts = importlib.metadata.metadata(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "see the distribution (not installed on this platform)"
    if "License-Expression" in facts:
        return facts["License-Expression"]
    names = [
        one.rsplit("::", 1)[1].strip()
        for one in facts.get_all("Classifier") or ()
        if one.startswith("License ::")
    ]
    text = facts["License"].strip() if "License" in facts else ""
    return " and ".join(names) or (text.splitlines()[0] if text else "see the distribution")


def named(libraries: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """Name, version and licence of each library."""
    return [
        (one["name"], one["version"], one["licenses"][0]["license"]["name"]) for one in libraries
    ]


def write(service: str, libraries: list[dict[str, Any]]) -> str | None:
    """Write the bill of an image; what is wrong with it, if something is."""
    own = [read_own(path) for path in copied(service)]
    image = {
        "type": "container",
        "bom-ref": f"tandem-{service}",
        "name": f"tandem-{service}",
        "version": own[-1]["version"],
    }
    components = [base_image(), *own, *libraries]
    bill = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": image},
        "components": components,
        "dependencies": [
            {"ref": image["bom-ref"], "dependsOn": [one["bom-ref"] for one in components]}
        ],
    }
    text = json.dumps(bill, indent=1, ensure_ascii=False)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"tandem-{service}.cdx.json").write_text(text + "\n", encoding="utf-8")
    fault = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    return None if fault is None else str(fault)


def copied(service: str) -> list[Path]:
    """The folders of our own distributions that the Dockerfile installs, the service's last."""
    lines = re.findall(r"^COPY ((?:libs|services)/\S+) ", recipe(), re.MULTILINE)
    return [ROOT / line.replace("${SERVICE}", service) for line in lines]


def read_own(folder: Path) -> dict[str, Any]:
    """A distribution of ours, by its pyproject.toml."""
    facts = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    purl = f"pkg:pypi/{facts['name']}@{facts['version']}"
    return {
        "type": "library",
        "bom-ref": purl,
        "name": facts["name"],
        "version": facts["version"],
        "purl": purl,
    }


def base_image() -> dict[str, Any]:
    """The image that ours are built from; its own packages are in its publisher's bill."""
    tag = re.findall(r"^ARG PYTHON=(\S+)", recipe(), re.MULTILINE)[0]
    purl = f"pkg:docker/python@{tag}"
    return {"type": "container", "bom-ref": purl, "name": "python", "version": tag, "purl": purl}


def recipe() -> str:
    """The Dockerfile."""
    return (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
