"""The web application of a service, built from its description."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.routing import BaseRoute

from chassis.api.docs import docs_router
from chassis.api.events import feed_router
from chassis.api.health import health_router
from chassis.api.jobs import router as jobs_router
from chassis.api.openapi import openapi_document
from chassis.api.schemas import Descriptions, schemas_router
from chassis.events.wakeup import Wakeups
from chassis.http.cors import add_cors
from chassis.http.faults import add_fault_handlers
from chassis.http.middleware import Edge
from chassis.http.rate_limits import RateLimits
from chassis.http.routing import PathDispatcher
from chassis.schema.migrate import head_of, schema_version
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.telemetry.metrics import Metrics
from chassis.texts import Texts
from chassis.work.database import Database

__all__ = ["create_app"]


def create_app(
    service: Service, settings: ServiceSettings, database: Database | None = None
) -> FastAPI:
    """The application. Without a database it connects to the settings' own when it starts."""
    kept = settings.metrics_max_age_seconds
    metrics = Metrics(service.name, service.metrics, kept_seconds=kept)
    app = FastAPI(
        title=service.title,
        description=service.description,
        version=service.version,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        lifespan=_lifespan,
        redirect_slashes=False,  # it would lead to whatever the header Host says
        routes=_routes(service, settings, metrics),
    )
    app.router.middleware_stack = PathDispatcher(app.router)
    app.state.service = service
    app.state.settings = settings
    app.state.planned_requests = settings.planned_requests
    app.state.metrics = metrics
    app.state.streamed_routes = [
        one for one in app.router.routes if hasattr(getattr(one, "endpoint", None), "reads_body")
    ]
    app.state.descriptions = Descriptions(service, settings)
    app.state.texts = Texts.load([*service.shared_locales, service.locale])
    app.state.readiness = _readiness(app)
    if database is not None:
        attach(app, database)
    add_fault_handlers(app)
    app.add_middleware(Edge, settings=settings, metrics=metrics)
    add_cors(app, settings)
    app.openapi = lambda: _documented(app)  # type: ignore[method-assign]
    return app


def attach(app: FastAPI, database: Database) -> None:
    """Give the application its database and all that needs it."""
    app.state.database = database
    app.state.wakeups = wakeups = Wakeups(database.connect_driver)
    database.wake(for_events=wakeups.committed.notify, for_jobs=wakeups.asked.notify)
    app.state.rate_limits = RateLimits(app.state.settings, database)
    app.state.authenticator = app.state.service.authenticator(
        app.state.service, app.state.settings, database
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    if not hasattr(app.state, "database"):
        attach(app, app.state.service.connect(app.state.settings))
    carrying = asyncio.create_task(app.state.wakeups.run())
    try:
        yield
    finally:
        carrying.cancel()
        await asyncio.gather(carrying, return_exceptions=True)
        await app.state.rate_limits.close()
        await app.state.authenticator.close()
        await app.state.database.close()


def _routes(service: Service, settings: ServiceSettings, metrics: Metrics) -> list[BaseRoute]:
    """Every route, side by side: included routers would be searched one within the other."""
    is_open = settings.metrics_port is None and settings.environment != "production"
    metrics_routers = [metrics.router()] if is_open else []
    routers = (
        health_router,
        docs_router,
        schemas_router,
        *metrics_routers,
        feed_router(service),
        jobs_router,
        *service.routers,
    )
    return [route for router in routers for route in router.routes]


def _documented(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        app.openapi_schema = openapi_document(app)
    return app.openapi_schema


def _readiness(app: FastAPI) -> dict[str, Callable[[], Awaitable[str]]]:
    async def database() -> str:
        async with app.state.database.driver() as sql:
            await sql.fetchval("select 1")
        return "ok"

    async def schema() -> str:
        async with app.state.database.driver() as sql:
            present, head = await schema_version(sql), head_of(app.state.service.migrations)
        return "ok" if present == head else f"at {present}, needs {head}: run migrate"

    return {"database": database, "schema": schema}
