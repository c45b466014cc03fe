"""Before the first order: fiscal years by the API, master data by the import command lines."""

import asyncio
import sys
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import orjson

from demonstration.calling import Halves, Refused
from demonstration.source import Northwind
from importer.mapping import Mapping as SourceMapping
from importer.mapping import load_mapping
from runner.telling import say

__all__ = ["MAPPINGS", "countries", "prepare"]

ROOT = Path(__file__).resolve().parents[3]
MAPPINGS = {
    half: ROOT / "services" / half / "imports" / "northwind.yaml" for half in ("erp", "crm")
}
TAIL_LINES = 20


def countries() -> Mapping[str, str]:
    """Country names of the set with their ISO codes, as the customers' mapping has them."""
    rule = load_mapping(MAPPINGS["crm"]).resources[0].fields["billing_address.country"]
    return {name: str(code) for name, code in (rule.values or {}).items()}


def fitted(mapping: SourceMapping, source: Northwind) -> dict[str, Any]:
    """The mapping with the days of this period.

    Its stock lies there the day before the first order; what is discontinued is sold to the end.
    """
    document = mapping.model_dump(mode="json")
    for resource in document["resources"]:
        fields = resource["fields"]
        if "effective_on" in fields:
            fields["effective_on"]["const"] = _opening_day(source).isoformat()
        if "discontinued_on" in fields:
            fields["discontinued_on"]["values"]["1"] = source.days[-1]
    return document


def _opening_day(source: Northwind) -> date:
    return date.fromisoformat(source.days[0]) - timedelta(days=1)


async def prepare(
    halves: Halves,
    credentials: Mapping[str, Mapping[str, str]],
    source: Northwind,
    *,
    data: Path,
    folder: Path,
) -> None:
    """Open the years, import both halves, wait until each knows what the other owns.

    Raises Refused with the import's words when a row is not taken.
    """
    known = {year["name"] async for year in halves.erp.every("/v1/fiscal-years")}
    years = range(_opening_day(source).year, int(source.days[-1][:4]) + 1)
    for year in (str(year) for year in years if str(year) not in known):
        dates = {"starts_on": f"{year}-01-01", "ends_on": f"{year}-12-31"}
        await halves.erp.post("/v1/fiscal-years", {"name": year, **dates})
    for half in ("erp", "crm"):
        say(f"  {half} import {MAPPINGS[half].relative_to(ROOT)} --source {data}")
        mapping = folder / f"{half}-northwind.yaml"
        mapping.write_bytes(orjson.dumps(fitted(load_mapping(MAPPINGS[half]), source)))
        for line in await _imported(half, credentials[half], mapping, data=data, folder=folder):
            say(f"    {line}")
    await halves.settled()


async def _imported(
    half: str, entry: Mapping[str, str], mapping: Path, *, data: Path, folder: Path
) -> list[str]:
    """Run the half's own `import`; what it said."""
    key = folder / f"{half}.key"
    key.touch(mode=0o600)
    key.write_text(entry["api_key"], encoding="utf-8")
    places = ["--source", str(data), "--errors", str(folder / f"{half}-errors")]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", half, "import", str(mapping), *places),
        *("--url", entry["url"], "--key-file", str(key)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    lines = said.decode(errors="replace").strip().splitlines()
    if process.returncode:
        last = "\n".join(lines[-TAIL_LINES:])
        message = f"`{half} import` failed:\n{last}"
        raise Refused(message)
    return lines
