"""The committed contracts' two questions: is a file stale, and is a promise broken."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from contracts.generator.history import History
from contracts.generator.promises import event_breaks, openapi_breaks, version_allows

__all__ = ["broken_promises", "stale_files"]

EVENTS = "contracts/events"
AGAIN = "run: python -m contracts.generator generate"


def stale_files(root: Path, files: Mapping[str, str]) -> Iterator[str]:
    """Generated files that are missing, differ, or that nothing generates; examples that fail."""
    for path, content in files.items():
        target = root / path
        if not target.exists():
            yield f"{path} is missing; {AGAIN}"
        elif target.read_text("utf-8") != content:
            yield f"{path} is stale; {AGAIN}"
    for left in sorted((root / EVENTS).glob("*/*.json")):
        if left.relative_to(root).as_posix() not in files:
            yield f"{left.relative_to(root)}: nothing publishes this event any more"
    for path, content in files.items():
        if path.startswith(EVENTS):
            yield from _example_faults(root, path, json.loads(content))


def _example_faults(root: Path, path: str, schema: Mapping[str, Any]) -> Iterator[str]:
    folder = root / path.replace("/events/", "/examples/").removesuffix(".json")
    examples = sorted(folder.glob("*.json"))
    if not examples:
        yield f"{folder.relative_to(root)} has no example of this event"
    judge = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for example in examples:
        for fault in judge.iter_errors(json.loads(example.read_text("utf-8"))):
            yield f"{example.relative_to(root)}{fault.json_path.removeprefix('$')}: {fault.message}"


def broken_promises(history: History, files: Mapping[str, str]) -> Iterator[str]:
    """What clients and consumers of the committed contracts could not live with."""
    if not history.exists():
        yield "contracts: no git history to compare with; run this in a clone with commits"
        return
    for path, content in files.items():
        if path.startswith("contracts/openapi/"):
            yield from _broken_api(history, path, json.loads(content))
    yield from _broken_events(history, files)


def _broken_api(history: History, path: str, new: Mapping[str, Any]) -> Iterator[str]:
    version = str(new["info"]["version"])
    for old in history.versions(path):
        was = str(old["info"]["version"])
        if not version_allows(was, version):
            for fault in openapi_breaks(old, new):
                yield f"{path}: against {was}: {fault}"


def _broken_events(history: History, files: Mapping[str, str]) -> Iterator[str]:
    for path in history.files("HEAD", EVENTS):
        old = history.at("HEAD", path)
        if old is None or path not in files:
            yield f"{path}: the event is gone; publish its new major beside it for one release"
            continue
        for fault in event_breaks(old, json.loads(files[path])):
            yield f"{path}: {fault}"
