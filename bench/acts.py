"""An act over HTTP as `serve` answers it, against the same rows written bare."""

import base64
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from bench.figures import Asked, Figure, Goal, paired
from bench.place import Measured, Place, Server
from bench.same_rows import Written
from chassis.service import Service

__all__ = ["Act", "measure"]

CLIENTS = (1, 4, 16)
WARM_SECONDS = 0.3
LIMITS = {
    "plain": "bare FastAPI + asyncpg",
    "tuned": "bare FastAPI + asyncpg, no pool reset, generic plans",
    "driver": "bare asyncpg, without HTTP",
}


@dataclass(frozen=True)
class Act:
    """A POST that makes a record, and the rows it writes; each has exactly one event."""

    name: str
    service: Service
    path: str
    body: Any
    rows: Sequence[Written]


def measure(place: Place, asked: Asked, act: Act) -> list[Figure]:
    """Ours and the three limits in turn, at each number of clients."""
    ours, bare = place.database(act.service), place.database(act.service)
    with ExitStack() as stack:
        service = stack.enter_context(place.serving(act.service, ours))
        made = service.call("POST", act.path, act.body)
        sample = {
            "url": bare.runtime,
            "sample_url": ours.runtime,
            "written": [asdict(one) for one in act.rows],
            "record": made["id"],
        }
        servers = {"ours": service}
        for name in ("plain", "tuned"):
            reply = base64.b64encode(orjson.dumps(made)).decode()
            tuned = name == "tuned"
            servers[name] = stack.enter_context(place.bare(**sample, reply=reply, tuned=tuned))
        requests = {name: _request(act, server) for name, server in servers.items()}
        _warm(place, servers, requests)
        figures = [
            figure
            for clients in CLIENTS
            for figure in _figures(
                act.name,
                clients,
                _rounds(
                    place,
                    asked,
                    clients=clients,
                    servers=servers,
                    requests=requests,
                    sample=sample,
                ),
            )
        ]
        counted = {name: place.statements(servers[name], requests[name]) for name in servers}
    return [_counted(figure, counted) for figure in figures]


def _request(act: Act, server: Server) -> bytes:
    return server.request("POST", act.path if server.key else "/write", act.body, once=True)


def _warm(place: Place, servers: dict[str, Server], requests: dict[str, bytes]) -> None:
    for name, server in servers.items():
        place.load(server, requests[name], clients=max(CLIENTS), seconds=WARM_SECONDS)


def _rounds(
    place: Place,
    asked: Asked,
    *,
    clients: int,
    servers: dict[str, Server],
    requests: dict[str, bytes],
    sample: dict[str, Any],
) -> list[dict[str, Measured]]:
    rounds = []
    for _ in range(asked.rounds):
        one = {
            name: place.load(server, requests[name], clients=clients, seconds=asked.seconds)
            for name, server in servers.items()
        }
        one["driver"] = place.measured(
            "bench.bare:write_rows", **sample, clients=clients, seconds=asked.seconds
        )
        rounds.append(one)
    return rounds


def _figures(name: str, clients: int, rounds: list[dict[str, Measured]]) -> list[Figure]:
    goals = {"plain": Goal(ratio_min=0.5), "tuned": Goal(ratio_min=0.5)}
    return [
        paired(
            f"{name}, {clients} client{'s' if clients > 1 else ''}",
            "requests/s",
            against,
            [(one["ours"].rate, one[limit].rate) for one in rounds],
            goal=goals.get(limit),
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
