"""`make demo DATA=northwind`: real orders, exact to the cent, and the report of it."""

import json
import os
import platform
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from demonstration.calling import connected
from demonstration.checking import Check, check_all, told
from demonstration.preparing import countries, prepare
from demonstration.replaying import Replay, Tally
from demonstration.source import CURRENCY, Northwind
from runner.telling import say

__all__ = ["SETTINGS", "data_folder", "replay", "write"]

ROOT = Path(__file__).resolve().parents[3]
ZONE = "UTC"
SETTINGS = {
    f"{half}_{name}": value
    for half in ("ERP", "CRM", "BRIDGE")
    for name, value in (("CURRENCY", CURRENCY), ("ZONE", ZONE))
}
"""What the installation of the replay is told."""


def data_folder() -> Path | None:
    """Where the set lies, below TANDEM_SHARED (default ../shared); None: it is not there."""
    shared = Path(os.environ.get("TANDEM_SHARED") or ROOT.parent / "shared")
    folder = (shared / "data" / "northwind").resolve()
    return folder if (folder / "Orders.csv").is_file() else None


async def replay(
    credentials: Mapping[str, Mapping[str, str]],
    *,
    data: Path,
    folder: Path,
    transport: str,
    days: int,
) -> dict[str, Any]:
    """Prepare, replay, check; the report. 0 days: all there are. Raises Refused."""
    source = Northwind.read(data, countries())
    if days:
        source = source.first(days)
    async with connected(credentials) as halves:
        began = time.monotonic()
        say("\nFiscal years and master data")
        await prepare(halves, credentials, source, data=data, folder=folder)
        prepared = time.monotonic()
        say(f"\n{len(source.days)} days with {len(source.orders)} orders")
        tally = await Replay(halves, source).run()
        events = await halves.settled()
        ended = time.monotonic()
        checks = await check_all(halves, source, tally)
    figures = {"prepare": prepared - began, "replay": ended - prepared}
    report = _report(source, tally, checks, events, figures) | {"transport": transport}
    _tell(report, checks)
    return report


def _report(
    source: Northwind,
    tally: Tally,
    checks: list[Check],
    events: Mapping[str, int],
    seconds: Mapping[str, float],
) -> dict[str, Any]:
    found = {check.name: check.found for check in checks}
    unrounded = sum((line.unrounded for line in source.lines), Decimal(0))
    net = sum((line.net for line in source.lines), Decimal(0))
    phases = ("crm", "bridge", "buying", "shipping")
    count = sum(events.values())
    return {
        "holds": all(check.holds for check in checks),
        "orders": len(source.orders),
        "orders_not_shipped": len(source.orders) - len(source.shipped),
        "orders_not_paid": len(source.owed),
        "lines": len(source.lines),
        "days": len(source.days),
        "net": {
            "crm_orders": found["net of the CRM's orders"],
            "erp_orders": found["net of the ERP's orders"],
            "invoices": found["net of the invoices' goods"],
            "revenue_account": found["revenue account"],
        },
        "freight": found["freight income account"],
        "unrounded": str(unrounded.normalize()),
        "rounding_difference": str((net - unrounded).normalize()),
        "orders_short_at_first": tally.short_orders,
        "purchase_orders": tally.purchase_orders,
        "seconds": {name: round(took, 1) for name, took in seconds.items()},
        "seconds_of_replay": {name: round(getattr(tally, f"seconds_{name}"), 1) for name in phases},
        "events": dict(events),
        "events_per_second": round(count / sum(seconds.values()), 1),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "month_ends": [one.as_json() for one in tally.month_ends],
        "checks": [check.as_json() for check in checks],
    }


def _tell(report: Mapping[str, Any], checks: list[Check]) -> None:
    say("\nWhat holds at the end")
    told(checks)
    say(
        f"\n  unrounded source {report['unrounded']}, rounding by line "
        f"{report['rounding_difference']}; {report['orders_short_at_first']} orders ran short "
        f"at first, {report['purchase_orders']} purchase orders filled them"
    )
    took = report["seconds"]
    say(
        f"  {took['prepare']} s to prepare, {took['replay']} s to replay "
        f"({', '.join(f'{name} {s} s' for name, s in report['seconds_of_replay'].items())})"
    )
    say(
        f"  {sum(report['events'].values())} events, {report['events_per_second']} a second, "
        f"by {report['transport']}"
    )


def write(report: Mapping[str, Any], path: Path) -> None:
    """The report as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
