"""What a service is made of: one description, from which app, worker and command line are built."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from fastapi import APIRouter
from sqlalchemy import MetaData

from chassis.events.event import Event
from chassis.events.states import States
from chassis.settings import ServiceSettings

if TYPE_CHECKING:
    from chassis.storage.database import Database
    from chassis.storage.work import Work

__all__ = ["Figure", "Handler", "JobHandler", "Schedule", "Service", "ServiceContext"]

Handler = Callable[["Work", Any], Awaitable[None]]
JobHandler = Callable[["Work", Mapping[str, Any]], Awaitable[None]]


@dataclass(frozen=True)
class Figure:
    """A number an operator watches, at /metrics as `tandem_<name>`; `question` is SQL for it.

    It is asked at every scrape, so an index must answer it.
    """

    name: str
    told: str
    question: str


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
    database: "Database"


@dataclass(frozen=True)
class Service:
    """The description of one deployable: its routes, permissions, events, jobs and tables.

    Only a key that is bound to a reserved system may act in its name. `session`: settings of
    PostgreSQL for its pooled connections, besides those of every service.
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
    reserved_systems: frozenset[str] = frozenset()
    events: Sequence[type[Event]] = ()
    states: Mapping[type[Event], States] = field(default_factory=dict)
    handlers: Mapping[type[Event], Sequence[Handler]] = field(default_factory=dict)
    jobs: Mapping[str, JobHandler] = field(default_factory=dict)
    schedules: Sequence[Schedule] = ()
    session: Mapping[str, str] = field(default_factory=dict)
    background: Sequence[Callable[[ServiceContext], Awaitable[None]]] = ()
    figures: Sequence[Figure] = ()
    commands: typer.Typer | None = None
