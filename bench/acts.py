"""An act over HTTP as `serve` answers it, against the same rows written bare."""

import base64
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from bench.figures import Asked, Figure, Goal, paired
from bench.place import Measured, Place, Server
from bench.same_rows import Touched, Written
from bench.wire import TOKEN
from chassis.storage.bootstrap import DatabaseUrls

__all__ = ["Act", "At", "measure"]

WARM_SECONDS = 0.3
MOST_A_SECOND = 1000
LIMITS = {
    "plain": "bare FastAPI + asyncpg",
    "tuned": "bare FastAPI + asyncpg, no pool reset, generic plans",
    "driver": "bare asyncpg, without HTTP",
}


@dataclass(frozen=True)
class Act:
    """A POST, the rows it writes, and the rows it finds and changes.

    `body` may hold TOKENs, which differ from request to request. An act on a record that is
    there has the TOKEN in its `path`; `records` makes so many records ready and names them.
    `each` is how many records one request writes.
    """

    name: str
    path: str
    body: Any
    rows: Sequence[Written]
    touched: Sequence[Touched] = ()
    records: Callable[[int], list[str]] | None = None
    each: int = 1
    clients: Sequence[int] = (1, 4, 16)
    ratio_min: float = 0.6

    def ready(self, number: int) -> list[str] | None:
        """So many records ready to be acted upon; None: the act needs none."""
        return self.records(number) if self.records else None


@dataclass(frozen=True)
class At:
    """Where an act is measured: a running service, its database, and what its reply names."""

    service: Server
    database: DatabaseUrls
    record_of: Callable[[Any], str] = lambda reply: str(reply["id"])


def measure(place: Place, asked: Asked, act: Act, at: At) -> list[Figure]:
    """Ours and the three limits in turn, at each number of clients; all in one database."""
    made = _done_once(act, at.service)
    rows_of = {
        "url": at.database.runtime,
        "written": [asdict(one) for one in act.rows],
        "touched": [asdict(one) for one in act.touched],
        "record": at.record_of(made),
    }
    reply = base64.b64encode(orjson.dumps(made)).decode()
    with ExitStack() as stack:
        servers = {"ours": at.service} | {
            name: stack.enter_context(place.bare(**rows_of, reply=reply, tuned=name == "tuned"))
            for name in ("plain", "tuned")
        }
        measuring = _Measuring(place, asked, act, servers, rows_of)
        measuring.warm()
        figures = [
            figure
            for clients in act.clients
            for figure in _figures(
                act, clients, [measuring.round(clients) for _ in range(asked.rounds)]
            )
        ]
        counted = {name: measuring.statements(name) for name in servers}
    return [_counted(figure, counted) for figure in figures]


def _done_once(act: Act, service: Server) -> Any:
    ready = act.ready(1)
    token = ready[0] if ready else "0" * len(TOKEN)
    body = orjson.loads(orjson.dumps(act.body).replace(TOKEN.encode(), token.encode()))
    return service.call("POST", act.path.replace(TOKEN, token), body)


@dataclass(frozen=True)
class _Measuring:
    place: Place
    asked: Asked
    act: Act
    servers: dict[str, Server]
    rows_of: dict[str, Any]

    def warm(self) -> None:
        """Let everything be loaded and planned, and the sample of the act be read."""
        for name in self.servers:
            self.load(name, clients=max(self.act.clients), seconds=WARM_SECONDS)
        self.bare(clients=1, seconds=WARM_SECONDS)

    def round(self, clients: int) -> dict[str, Measured]:
        """Ours and each limit once."""
        seconds = self.asked.seconds
        one = {name: self.load(name, clients=clients, seconds=seconds) for name in self.servers}
        return one | {"driver": self.bare(clients=clients, seconds=seconds)}

    def bare(self, *, clients: int, seconds: float) -> Measured:
        """The rows written without HTTP for a time."""
        return self.place.measured(
            "bench.bare:write_rows",
            rows_of=self.rows_of,
            clients=clients,
            seconds=seconds,
            records=self._enough(seconds),
        )

    def load(self, name: str, *, clients: int, seconds: float) -> Measured:
        """One server under load for a time."""
        return self.place.load(
            self.servers[name],
            self._request(name),
            clients=clients,
            seconds=seconds,
            records=self._enough(seconds),
        )

    def statements(self, name: str) -> float:
        """Messages to the database for each record."""
        count = 20 if self.act.each == 1 else 1
        seen = self.place.statements(
            self.servers[name], self._request(name), count=count, records=self.act.ready
        )
        return seen / self.act.each

    def _enough(self, seconds: float) -> list[str] | None:
        return self.act.ready(int(seconds * MOST_A_SECOND))

    def _request(self, name: str) -> bytes:
        act, server = self.act, self.servers[name]
        bare = f"/write/{TOKEN}" if act.records else "/write"
        return server.request("POST", act.path if server.key else bare, act.body, once=True)


def _figures(act: Act, clients: int, rounds: list[dict[str, Measured]]) -> list[Figure]:
    goal = Goal(ratio_min=act.ratio_min)
    return [
        paired(
            f"{act.name}, {clients} client{'s' if clients > 1 else ''}",
            "requests/s" if act.each == 1 else "records/s",
            against,
            [(one["ours"].rate * act.each, one[limit].rate * act.each) for one in rounds],
            goal=None if limit == "driver" else goal,
            facts={
                "p50 ms": _median(rounds, "ours", "p50"),
                "p99 ms": _median(rounds, "ours", "p99"),
                "app CPU ms": _median(rounds, "ours", "app_ms"),
                "database CPU ms": _median(rounds, "ours", "database_ms"),
                "limit app CPU ms": _median(rounds, limit, "app_ms"),
                "limit database CPU ms": _median(rounds, limit, "database_ms"),
            },
        )
        for limit, against in LIMITS.items()
    ]


def _median(rounds: list[dict[str, Measured]], name: str, field: str) -> float:
    return float(statistics.median(getattr(one[name], field) for one in rounds))


def _counted(figure: Figure, counted: dict[str, float]) -> Figure:
    limit = next((name for name, told in LIMITS.items() if told == figure.against), "")
    statements = {"statements": counted["ours"]}
    if limit in counted:
        statements["limit statements"] = counted[limit]
    return Figure(**(figure.__dict__ | {"facts": {**figure.facts, **statements}}))
