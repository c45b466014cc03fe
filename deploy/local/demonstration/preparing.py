"""Before the first order: fiscal years by the API, master data by the import command lines."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from demonstration.calling import Halves, Refused
from runner.telling import say

__all__ = ["MAPPINGS", "countries", "prepare"]

ROOT = Path(__file__).resolve().parents[3]
MAPPINGS = {
    half: ROOT / "services" / half / "imports" / "northwind.yaml" for half in ("erp", "crm")
}
YEARS = ("1996", "1997", "1998")
TAIL_LINES = 20


def countries() -> Mapping[str, str]:
    """Country names of the set with their ISO codes, as the customers' mapping has them."""
    document: Any = yaml.safe_load(
        MAPPINGS["crm"].read_text(encoding="utf-8").replace("NO", "'NO'")
    )
    fields = document["resources"][0]["fields"]
    return dict(fields["billing_address.country"]["values"])


async def prepare(
    halves: Halves, credentials: Mapping[str, Mapping[str, str]], *, data: Path, folder: Path
) -> None:
    """Open the years, import both halves, wait until each knows what the other owns.

    Raises Refused with the import's words when a row is not taken.
    """
    known = {year["name"] async for year in halves.erp.every("/v1/fiscal-years")}
    for year in (year for year in YEARS if year not in known):
        dates = {"starts_on": f"{year}-01-01", "ends_on": f"{year}-12-31"}
        await halves.erp.post("/v1/fiscal-years", {"name": year, **dates})
    for half in ("erp", "crm"):
        say(f"  {half} import {MAPPINGS[half].relative_to(ROOT)} --source {data}")
        for line in await _imported(half, credentials[half], data=data, folder=folder):
            say(f"    {line}")
    await halves.settled()


async def _imported(half: str, entry: Mapping[str, str], *, data: Path, folder: Path) -> list[str]:
    """Run the half's own `import`; what it said."""
    key = folder / f"{half}.key"
    key.touch(mode=0o600)
    key.write_text(entry["api_key"], encoding="utf-8")
    places = ["--source", str(data), "--errors", str(folder / f"{half}-errors")]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", half, "import", str(MAPPINGS[half]), *places),
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
