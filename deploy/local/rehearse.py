"""`make rehearse`: a loss of all databases and the recovery from their backups, with its time.

It plays orders in a temporary installation of its own, backs its three databases up at three
moments, plays on, drops them all while the services run, and does what
docs/operations/backup-and-restore.md says. Exit code 0: both halves agree again; 1: they do not, or
something that must come back is not there; 2: it could not be done.
"""

import json
import sys
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import httpx

from demonstration.patience import Patient
from demonstration.playing import Disagreement, agree
from embedded.cluster import EmbeddedCluster
from embedded.placement import ClusterUnavailable
from rehearsal.databases import Databases, said_by
from rehearsal.orders import Orders
from rehearsal.recovery import Recovery
from runner.plan import ALL, Plan, Runnable
from runner.telling import Refusal, paint, say, step
from runner.temporary import Temporary, environment_of, services_of, temporary_folder

ROOT = Path(__file__).resolve().parents[2]
DIFFERENCES = 1
"""The exit code of `bridge compare` when the halves differ, which is no failure to compare."""


class Rehearsal:
    """An installation that loses its databases."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.given = environment_of(folder)
        self.plan = Plan.of(self.given, ROOT)
        self.lost: set[str] = set()
        self.kept: set[str] = set()
        self.histories: dict[str, int] = {}

    def play(self) -> None:
        """Everything. Raises Disagreement, Refusal, ClusterUnavailable, httpx.HTTPError."""
        with ExitStack() as before:
            before.enter_context(services_of(self.folder, self.given))
            # Our share in the server: it stays when the services stop.
            cluster = EmbeddedCluster.open(self.plan.data_dir)
            with cluster:
                databases = Databases(cluster, self.folder)
                with Temporary(self.folder).clients(Patient) as clients:
                    self.live(Orders(clients), databases)
                recovery = Recovery()
                self.lose(databases)
                with recovery.step("Services stopped"):
                    before.close()
                self.bring_back(databases, recovery)
                self.go_on(recovery)
        say("\nSeconds to recover:")
        for line in recovery.table():
            say(line)

    def live(self, orders: Orders, databases: Databases) -> None:
        """Orders, and between them the backups, each of another moment."""
        say("\nOrders are placed, and the databases are backed up one after the other.")
        orders.prepare()
        self.kept = orders.place(5)
        self.back_up(databases, "erp")
        self.kept |= orders.place(3)
        self.back_up(databases, "crm")
        self.back_up(databases, "bridge")
        self.lost = orders.place(2)
        self.histories = orders.histories()
        say(f"    {len(self.kept)} orders before the CRM's backup (the ERP's is 3 older)")
        say(f"    {len(self.lost)} orders after the last backup")

    def back_up(self, databases: Databases, name: str) -> None:
        """Back up one database and say its size."""
        with step(f"Backup of {name}") as now:
            now.result = f"{databases.back_up(name) / 1024:.0f} KiB"

    def lose(self, databases: Databases) -> None:
        """All databases are gone, while the services run."""
        say("\nAll databases are dropped while the services run.")
        databases.destroy([service.name for service in self.plan.services])

    def bring_back(self, databases: Databases, recovery: Recovery) -> None:
        """Restore, migrate, begin new histories."""
        for service in self.plan.services:
            with recovery.step(f"{service.title}: pg_restore"):
                databases.restore(service.name)
            with recovery.step(f"{service.title}: migrate"):
                self.command(service, "migrate")
            with recovery.step(f"{service.title}: restored") as now:
                now.result = self.command(service, "restored").strip().splitlines()[-1]

    def go_on(self, recovery: Recovery) -> None:
        """Start the services, level the halves, look at what is there."""
        running = self.services(recovery)
        with running, Temporary(self.folder).clients(Patient) as clients:
            orders = Orders(clients)
            with recovery.step("Doctors say all is good"):
                for service in self.plan.services:
                    self.command(service, "doctor")
            with recovery.step("Halves compared and levelled") as now:
                now.result = (
                    f"the ERP had {len(orders.in_erp(self.kept))} of {len(self.kept)} orders"
                )
                self.command(ALL[2], "compare", "--level", accepts=DIFFERENCES)
            with recovery.step("Bridge drained"):
                orders.wait_until_drained()
            with recovery.step("Compared without differences") as now:
                said = self.command(ALL[2], "compare", "--json", accepts=DIFFERENCES)
                now.result = compared(json.loads(said))
            self.look(orders)

    def services(self, recovery: Recovery) -> AbstractContextManager[object]:
        """The services run again."""
        running = ExitStack()
        with recovery.step("Services started"):
            running.enter_context(services_of(self.folder, self.given))
        return running

    def look(self, orders: Orders) -> None:
        """Raises Disagreement unless what was backed up is there, in new histories."""
        histories = orders.histories()
        for half, history in histories.items():
            agree(history != self.histories[half], f"the history of {half}, which is the old one")
            say(f"    history of {half}: {self.histories[half]}, now {history}")
        agree(orders.in_crm(self.kept) == self.kept, "orders before the CRM's backup")
        agree(orders.in_erp(self.kept) == self.kept, "orders that the ERP gets again")
        agree(not orders.in_crm(self.lost), "orders after the last backup, in the CRM")
        agree(not orders.in_erp(self.lost), "orders after the last backup, in the ERP")
        say(f"    {len(self.kept)} orders are in both halves; {len(self.lost)} are lost in both")

    def command(self, service: Runnable, *words: str, accepts: int = 0) -> str:
        """What a command of the service says. Raises Refusal with its words."""
        given = self.plan.environment(service, self.plan.data_dir / "bootstrap")
        return said_by([sys.executable, "-m", service.module, *words], given, accepts=accepts)


def compared(outcome: dict[str, Any]) -> str:
    """How many records agree. Raises Disagreement with what differs and why."""
    differ = [
        f"{one['count']} {one['entity']}: {one['kind']} {one['reason'] or one['outcome']}".strip()
        for one in outcome["differences"]
    ]
    agree(not differ, "; ".join(differ))
    return f"{sum(one['records'] for one in outcome['compared'].values())} records"


def main() -> int:
    """Rehearse; returns the exit code."""
    try:
        with temporary_folder() as folder:
            Rehearsal(folder).play()
    except (Refusal, ClusterUnavailable) as refused:
        sys.stderr.write(f"\n{paint('Not recovered.', 'bad')} {refused}\n")
        return 2
    except (Disagreement, httpx.HTTPError) as bad:
        sys.stderr.write(f"\n{paint('Recovered, but not as it was:', 'bad')} {bad}\n")
        return 1
    say(paint("\nThe halves agree again.", "good"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
