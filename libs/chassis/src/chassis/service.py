"""What a service is made of: its modules, from which app, worker and command line are built."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import typer
from fastapi import APIRouter
from sqlalchemy import MetaData, Table
from sqlalchemy.orm import DeclarativeBase

from chassis.actor import Authenticator
from chassis.events import schema as events
from chassis.events.event import Event
from chassis.http import idempotency, shared_counts
from chassis.jobs import schema as jobs
from chassis.merging import merged, once
from chassis.settings import ServiceSettings
from chassis.storage import external_tables
from chassis.storage.connections import Connections
from chassis.telemetry.metrics import Metric
from chassis.work.database import Database
from chassis.work.states import States
from chassis.work.unit_of_work import Handler, Work

__all__ = ["Check", "JobHandler", "Module", "Schedule", "Service", "ServiceContext", "Unsound"]

ROWS_ARE_KEPT = "select, insert, update"
CHASSIS_RIGHTS = events.RIGHTS | jobs.RIGHTS | idempotency.RIGHTS | external_tables.RIGHTS
CHASSIS_RIGHTS |= shared_counts.RIGHTS | {"alembic_version": "select"}

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


Check = Callable[[ServiceContext], Awaitable[str]]
"""What `doctor` asks: what is found. Raises Unsound with what is wrong and what to do."""


class Unsound(Exception):
    """What is wrong with an installation, and what to do."""


@dataclass(frozen=True, kw_only=True)
class Module:
    """What one subject of the business brings into its service.

    `tags`: a sentence on each group of operations. `permissions`: scope -> what it allows.
    `roles`: role -> which of this module's permissions it has. `tables`: its entities.
    `states`: event -> where the present states of its records are read. `handlers`: event -> what
    this module does in the same transaction, in this order; one that refuses ends all.
    `authenticator`: makes what finds out who calls; one module has it. `at_start`: what is done
    after a migration and before requests are served; how many it made of what. `commands`: add to
    the command line. `checks`: name -> what `doctor` asks. `rights`: table -> what the runtime role
    may do with its rows, in the words of GRANT, for tables that are not entities or need others.
    """

    name: str
    routers: Sequence[APIRouter] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    permissions: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, AbstractSet[str]] = field(default_factory=dict)
    tables: Sequence[type[DeclarativeBase] | Table] = ()
    events: Sequence[type[Event]] = ()
    states: Mapping[type[Event], States] = field(default_factory=dict)
    handlers: Mapping[type[Event], Sequence[Handler]] = field(default_factory=dict)
    jobs: Mapping[str, JobHandler] = field(default_factory=dict)
    schedules: Sequence[Schedule] = ()
    background: Sequence[Callable[[ServiceContext], Awaitable[None]]] = ()
    metrics: Sequence[Metric] = ()
    authenticator: "MakeAuthenticator | None" = None
    at_start: Sequence[Callable[[ServiceContext], Awaitable[Mapping[str, int]]]] = ()
    commands: Sequence[Callable[[typer.Typer, "Service"], None]] = ()
    checks: Mapping[str, Check] = field(default_factory=dict)
    rights: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Service:
    """The description of one deployable: its modules, the lower ones first.

    Handlers of one event act in the order of their modules. Only a key that is bound to a reserved
    system may act in its name. `shared_locales`: folders with translations of libraries above the
    chassis. `session`: settings of PostgreSQL for its pooled connections, in addition to those of
    every service. `retired_schemas`: folder with the schemas of events that it published once: they
    are served for those who keep such events. Raises ValueError when modules bring the same thing
    twice. `fields`: a file with what fields and parameters mean, where the code does not say it.
    """

    name: str
    title: str
    description: str
    version: str
    settings: type[ServiceSettings]
    migrations: Path
    locale: Path
    modules: Sequence[Module]
    reserved_systems: frozenset[str] = frozenset()
    shared_locales: Sequence[Path] = ()
    retired_schemas: Path | None = None
    fields: Path | None = None
    session: Mapping[str, str] = field(default_factory=dict)
    commands: typer.Typer | None = None

    def __post_init__(self) -> None:
        once("modules", (one.name for one in self.modules))
        for name, what in vars(type(self)).items():
            if isinstance(what, cached_property):
                getattr(self, name)

    @cached_property
    def metadata(self) -> MetaData:
        """The tables of all modules; those of the chassis may be named in it."""
        entities = once("tables", chain.from_iterable(one.tables for one in self.modules))
        (metadata,) = {one.metadata for one in entities}
        tables = {one if isinstance(one, Table) else one.__table__ for one in entities}
        for table in metadata.sorted_tables:
            if table not in tables and table.info.get("owner") != "chassis":
                message = f"no module brings the table {table.name}"
                raise ValueError(message)
        return metadata

    @cached_property
    def rights(self) -> Mapping[str, str]:
        """Table -> what the runtime role may do with its rows; those of entities are not deleted.

        What a module says of a table of the chassis is in place of what the chassis says.
        """
        entities = dict.fromkeys(self.metadata.tables, ROWS_ARE_KEPT)
        return {**entities, **CHASSIS_RIGHTS, **merged("rights", (m.rights for m in self.modules))}

    @cached_property
    def routers(self) -> Sequence[APIRouter]:
        """Every router, in the order of the modules."""
        return once("routers", chain.from_iterable(one.routers for one in self.modules))

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """Group of operations -> what it is about."""
        return merged("tags", (one.tags for one in self.modules))

    @cached_property
    def permissions(self) -> Mapping[str, str]:
        """Scope -> what it allows."""
        return merged("permissions", (one.permissions for one in self.modules))

    @cached_property
    def roles(self) -> Mapping[str, frozenset[str]]:
        """Role -> its scopes, of all modules."""
        granted: dict[str, frozenset[str]] = {}
        for module in self.modules:
            for role, scopes in module.roles.items():
                if scopes - module.permissions.keys():
                    message = f"{module.name} gives {role} what another module allows"
                    raise ValueError(message)
                granted[role] = granted.get(role, frozenset()) | scopes
        return granted

    @cached_property
    def events(self) -> Sequence[type[Event]]:
        """Every public event."""
        return once("events", chain.from_iterable(one.events for one in self.modules))

    @cached_property
    def states(self) -> Mapping[type[Event], States]:
        """Event -> where the present states of its records are read."""
        return merged("states", (one.states for one in self.modules))

    @cached_property
    def handlers(self) -> Mapping[type[Event], Sequence[Handler]]:
        """Event -> what is done in the same transaction, in this order."""
        acts: dict[type[Event], list[Handler]] = {}
        for module in self.modules:
            for event, handlers in module.handlers.items():
                acts.setdefault(event, []).extend(handlers)
        return {
            event: once(f"handlers of {event.__name__}", found) for event, found in acts.items()
        }

    @cached_property
    def jobs(self) -> Mapping[str, JobHandler]:
        """Kind of job -> what does it."""
        return merged("jobs", (one.jobs for one in self.modules))

    @cached_property
    def schedules(self) -> Sequence[Schedule]:
        """What the clock puts into the queue."""
        found = (one for module in self.modules for one in module.schedules)
        return tuple(merged("schedules", ({one.name: one} for one in found)).values())

    @cached_property
    def background(self) -> Sequence[Callable[[ServiceContext], Awaitable[None]]]:
        """What a worker does all the time."""
        return once("background", chain.from_iterable(one.background for one in self.modules))

    @cached_property
    def metrics(self) -> Sequence[Metric]:
        """What an operator watches."""
        found = (one for module in self.modules for one in module.metrics)
        return tuple(merged("metrics", ({one.name: one} for one in found)).values())

    @cached_property
    def authenticator(self) -> "MakeAuthenticator":
        """Makes what finds out who calls."""
        found = [one.authenticator for one in self.modules if one.authenticator]
        if len(found) != 1:
            message = f"{len(found)} modules find out who calls; one has to"
            raise ValueError(message)
        return found[0]

    @cached_property
    def checks(self) -> Mapping[str, Check]:
        """What `doctor` asks in addition."""
        return merged("checks", (one.checks for one in self.modules))

    def connect(self, settings: ServiceSettings, *, url: str | None = None) -> Database:
        """The database of this service. Raises ValueError when no URL is known."""
        return Database.connect(
            settings, url=url, session=self.session, handlers=self.handlers, roles=self.roles
        )


MakeAuthenticator = Callable[[Service, ServiceSettings, Connections], Authenticator]
