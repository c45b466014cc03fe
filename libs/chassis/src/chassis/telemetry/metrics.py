"""Metrics in Prometheus form: requests by route, jobs, and how far the queues are behind.

Queue metrics, and those a service declares, are read from the database when asked for, so they
are right whichever process does the work; a database that does not answer shows as
`tandem_database_up 0`.
"""

import asyncio
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from chassis.storage.connections import Connections
from chassis.storage.lost import LOST

__all__ = ["Metric", "Metrics"]

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_DATABASE_ANSWERS_WITHIN_SECONDS = 2.0


@dataclass(frozen=True)
class Metric:
    """A number an operator watches, at /metrics as `tandem_<name>`; `query` is SQL for it.

    It runs at every scrape, so an index must answer it.
    """

    name: str
    help: str
    query: str


class Metrics:
    """The metrics of one service in one process; a page of them is kept for so many seconds."""

    def __init__(
        self, service: str, metrics: Sequence[Metric] = (), *, kept_seconds: float = 0.0
    ) -> None:
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "tandem_http_request_seconds",
            "Time to answer a request, by route template.",
            ["service", "method", "route", "status"],
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._jobs = Counter(
            "tandem_job_runs_total",
            "Jobs that ended an attempt, by outcome: done, retry, dead, lost.",
            ["service", "kind", "outcome"],
            registry=self.registry,
        )
        self._queue = _DatabaseMetrics(service, self.registry, metrics)
        self._service = service
        self._children: dict[tuple[str, str, int], Any] = {}
        self._making = asyncio.Lock()
        self._page, self._made_at = b"", -math.inf
        self._kept_seconds = kept_seconds

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request. `route` is the template, so ids make no series of their own."""
        key = (method, route, status)
        child = self._children.get(key)
        if child is None:
            child = self._requests.labels(self._service, method, route, str(status))
            self._children[key] = child
        child.observe(seconds)

    def job(self, kind: str, outcome: str) -> None:
        """Count the end of a job's attempt."""
        self._jobs.labels(self._service, kind, outcome).inc()

    async def page(self, database: Connections) -> bytes:
        """Everything as Prometheus reads it, made at most once in a while, beside the requests."""
        async with self._making:
            if time.monotonic() >= self._made_at + self._kept_seconds:
                await self._queue.refresh(database)
                self._page = await asyncio.to_thread(generate_latest, self.registry)
                self._made_at = time.monotonic()
        return self._page

    def router(self) -> APIRouter:
        """The route `/metrics`."""
        router = APIRouter(include_in_schema=False)
        router.add_api_route("/metrics", self.answer)
        return router

    async def answer(self, request: Request) -> Response:
        """The page as a reply; the application of the request has the database."""
        page = await self.page(request.app.state.database)
        return Response(page, media_type=CONTENT_TYPE_LATEST)


class _DatabaseMetrics:
    """Gauges that are read from the database."""

    def __init__(
        self, service: str, registry: CollectorRegistry, metrics: Sequence[Metric]
    ) -> None:
        def gauge(name: str, text: str, *labels: str) -> Gauge:
            return Gauge(f"tandem_{name}", text, ["service", *labels], registry=registry)

        self._service = service
        self._up = gauge("database_up", "1 when the database answers.")
        self._jobs = gauge("jobs", "Jobs that are waiting, running or dead.", "state")
        self._overdue = gauge("job_overdue_seconds", "Age of the oldest job that is due.")
        self._unsequenced = gauge(
            "outbox_unsequenced_seconds", "Age of the oldest event without a feed position."
        )
        self._head = gauge("feed_head", "Position of the newest event in the feed.")
        self._relay = gauge("relay_lag_events", "Events that Kafka has not been given yet.")
        self._consumers = gauge("feed_consumer_lag_events", "Events not read yet.", "consumer")
        self._own = [gauge(one.name, one.help).labels(service) for one in metrics]
        self._queries = ", ".join(f"({one.query})" for one in metrics)

    async def refresh(self, database: Connections) -> None:
        """Read the metrics; when the database does not answer, say so and keep the last ones."""
        up = self._up.labels(self._service)
        try:
            async with asyncio.timeout(_DATABASE_ANSWERS_WITHIN_SECONDS), database.driver() as sql:
                (row,) = await sql.fetch(_QUEUE)
                consumers = await sql.fetch(_CONSUMERS)
                own = await sql.fetchrow(f"select {self._queries}")
        except LOST:
            up.set(0)
            return
        up.set(1)
        for state in ("queued", "running", "dead"):
            self._jobs.labels(self._service, state).set(row[state])
        self._overdue.labels(self._service).set(row["overdue"])
        self._unsequenced.labels(self._service).set(row["unsequenced"])
        self._head.labels(self._service).set(row["head"])
        self._relay.labels(self._service).set(row["relay_lag"])
        for consumer in consumers:
            self._consumers.labels(self._service, consumer["name"]).set(consumer["lag"])
        for gauge, number in zip(self._own, own or (), strict=True):
            gauge.set(number)


_QUEUE = """with jobs as (
    select count(*) filter (where state = 'queued') as queued,
           count(*) filter (where state = 'running') as running,
           count(*) filter (where state = 'dead') as dead,
           min(run_at) filter (where state = 'queued') as oldest
      from job where state in ('queued', 'running', 'dead')),
  newest as (select greatest((select max(feed_seq) from outbox_sequence), feed_seq) as feed_seq
      from feed_floor)
  select queued, running, dead,
    greatest(coalesce(extract(epoch from now() - oldest), 0), 0)::float8 as overdue,
    newest.feed_seq as head,
    coalesce((select greatest(newest.feed_seq - mark.feed_seq, 0) from relay_mark mark), 0)
      as relay_lag,
    greatest(coalesce((select extract(epoch from now() - o.occurred_at) from outbox o
       where o.written > (select settled from sequencer_lease)
         and not exists (select from outbox_sequence s where s.outbox_id = o.id)
       order by o.written limit 1), 0), 0)::float8 as unsequenced
  from jobs, newest"""

_CONSUMERS = """select name, greatest(
    coalesce((select max(feed_seq) from outbox_sequence), 0) - feed_seq, 0) as lag
  from feed_consumer"""
