"""What a service is made of: one description, from which app, worker and command line are built."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer
from fastapi import APIRouter
from sqlalchemy import MetaData

from chassis.events.event import Event
from chassis.settings import ServiceSettings
from chassis.telemetry.metrics import Metric
from chassis.work.database import Database
from chassis.work.states import States
from chassis.work.unit_of_work import Handler, Work

__all__ = ["JobHandler", "Schedule", "Service", "ServiceContext"]

JobHandler = Callable[[Work, Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Schedule:
    """A job that the clock puts into the queue, once each period."""

    name: str
    every: timedelta
    kind: str


@dataclass(frozen=True)
class ServiceContext:
    """What long-running work of a service is given: its description, settings and database."""

    service: "Service"
    settings: ServiceSettings
    database: Database


@dataclass(frozen=True)
class Service:
    """The description of one deployable: its routes, permissions, events, jobs and tables.

    Only a key that is bound to a reserved system may act in its name. `shared_locales`: folders
    with translations of libraries above the chassis. `session`: settings of PostgreSQL for its
    pooled connections, in addition to those of every service. `tags`: a sentence on each group of
    operations.
    """

    name: str
    title: str
    description: str
    version: str
    settings: type[ServiceSettings]
    metadata: MetaData
    migrations: Path
    locale: Path
    routers: Sequence[APIRouter]
    permissions: Mapping[str, str]
    roles: Mapping[str, frozenset[str]]
    tags: Mapping[str, str] = field(default_factory=dict)
    reserved_systems: frozenset[str] = frozenset()
    shared_locales: Sequence[Path] = ()
    events: Sequence[type[Event]] = ()
    states: Mapping[type[Event], States] = field(default_factory=dict)
    handlers: Mapping[type[Event], Sequence[Handler]] = field(default_factory=dict)
    jobs: Mapping[str, JobHandler] = field(default_factory=dict)
    schedules: Sequence[Schedule] = ()
    session: Mapping[str, str] = field(default_factory=dict)
    background: Sequence[Callable[[ServiceContext], Awaitable[None]]] = ()
    metrics: Sequence[Metric] = ()
    commands: typer.Typer | None = None

    def connect(self, settings: ServiceSettings, *, url: str | None = None) -> Database:
        """The database of this service. Raises ValueError when no URL is known."""
        return Database.connect(settings, url=url, session=self.session, handlers=self.handlers)
