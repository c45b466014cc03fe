"""The committed contracts' two questions: is a file stale, and is a promise broken."""

import copy
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from chassis.events.json_schemas import objects_in
from contracts.generator.history import BASE, History, from_yaml
from contracts.generator.promises import (
    asyncapi_breaks,
    event_breaks,
    openapi_breaks,
    problem_breaks,
    version_allows,
)

__all__ = ["broken_promises", "closed", "stale_files"]

EVENTS = "contracts/events"
PROBLEMS = "contracts/problems.md"
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
            yield f"{left.relative_to(root)}: no event and no retired schema is behind this file"
    for path, content in files.items():
        if path.startswith(EVENTS):
            yield from _example_faults(root, path, json.loads(content))


def _example_faults(root: Path, path: str, schema: Mapping[str, Any]) -> Iterator[str]:
    folder = root / path.replace("/events/", "/examples/").removesuffix(".json")
    examples = sorted(folder.glob("*.json"))
    if not examples:
        yield f"{folder.relative_to(root)} has no example of this event"
    strict = closed(schema)
    judge = Draft202012Validator(strict, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for example in examples:
        for fault in judge.iter_errors(json.loads(example.read_text("utf-8"))):
            yield f"{example.relative_to(root)}{fault.json_path.removeprefix('$')}: {fault.message}"


def closed(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The schema as we hold ourselves to it: what it does not name may not be there."""
    strict = copy.deepcopy(dict(schema))
    for place in list(objects_in(strict)):
        if "properties" in place:
            place["additionalProperties"] = False
    return strict


def broken_promises(history: History, files: Mapping[str, str]) -> Iterator[str]:
    """What clients and consumers of the committed contracts could not live with, each told once."""
    if not history.exists():
        yield "contracts: no git history to compare with; run this in a clone with commits"
    elif history.is_cut_off():
        yield "contracts: this clone is shallow; fetch the history that says what was promised"
    elif history.lacks_base():
        yield f"contracts: {BASE} names no commit of this clone"
    else:
        yield from dict.fromkeys(_all_broken(history, files))


def _all_broken(history: History, files: Mapping[str, str]) -> Iterator[str]:
    for path, content in files.items():
        if path.startswith("contracts/openapi/"):
            yield from _broken(history, path, json.loads(content), openapi_breaks)
        elif path.startswith("contracts/asyncapi/"):
            yield from _broken(history, path, from_yaml(content), asyncapi_breaks)
    for base in history.bases():
        yield from _broken_events(history, base, files)
        yield from _broken_problems(history, base, files)


def _broken(
    history: History,
    path: str,
    new: Mapping[str, Any],
    breaks: Callable[[Mapping[str, Any], Mapping[str, Any]], list[str]],
) -> Iterator[str]:
    version = str(new["info"]["version"])
    for old in history.versions(path):
        was = str(old["info"]["version"])
        if not version_allows(was, version):
            for fault in breaks(old, new):
                yield f"{path}: against {was}: {fault}"


def _broken_events(history: History, base: str, files: Mapping[str, str]) -> Iterator[str]:
    for path in history.files(base, EVENTS):
        old = history.at(base, path)
        if old is None or path not in files:
            yield f"{path}: the schema is gone; that of an event which is no longer "
            "published stays, in the folder that the service names as `retired_schemas`"
            continue
        for fault in event_breaks(old, json.loads(files[path])):
            yield f"{path}: {fault}"


def _broken_problems(history: History, base: str, files: Mapping[str, str]) -> Iterator[str]:
    old = history.text_at(base, PROBLEMS)
    if old is not None and PROBLEMS in files:
        for fault in problem_breaks(old, files[PROBLEMS]):
            yield f"{PROBLEMS}: {fault}"
