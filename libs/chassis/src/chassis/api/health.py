"""Health, version and the explanation of problem types: what operators and load balancers ask."""

import html
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from chassis.http.routing import operation_id
from chassis.problems.problem import Problem, every_problem
from chassis.problems.standard import NotFound
from chassis.schema.migrate import schema_version
from chassis.texts import Texts

__all__ = ["health_router"]

health_router = APIRouter(tags=["operations"], generate_unique_id_function=operation_id)


@health_router.get("/livez", summary="Whether the process runs")
async def liveness_get() -> dict[str, str]:
    """Answers without touching anything else."""
    return {"status": "alive"}


@health_router.get("/readyz", summary="Whether requests can be served")
async def readiness_get(request: Request) -> Response:
    """Checks the database, the migration head and whatever else the service depends on."""
    checks = {name: await _state(check) for name, check in request.app.state.readiness.items()}
    ready = all(state == "ok" for state in checks.values())
    status = "ready" if ready else "not_ready"
    return JSONResponse({"status": status, "checks": checks}, 200 if ready else 503)


async def _state(check: Callable[[], Awaitable[str]]) -> str:
    """What a check found: "ok", or what is wrong."""
    try:
        return await check()
    except Exception as raised:  # noqa: BLE001 - whatever fails, the answer names it
        return f"failed: {type(raised).__name__}"


@health_router.get("/version", summary="Which version runs")
async def version_get(request: Request) -> dict[str, Any]:
    """The service's version, the build's revision and the schema's head."""
    service, revision = request.app.state.service, request.app.state.settings.revision
    async with request.app.state.database.driver() as sql:
        schema = await schema_version(sql)
    named = {"service": service.name, "version": service.version}
    return {**named, "revision": revision, "schema": schema}


@health_router.get("/problems/{code}", include_in_schema=False)
async def explain_problem(code: str, request: Request) -> HTMLResponse:
    """What a problem type means and what to do."""
    problem = every_problem().get(code)
    if problem is None:
        raise NotFound(entity="problem", id=code)
    return HTMLResponse(_explained(problem, request.app.state.texts, request.state.language))


def _explained(problem: type[Problem], texts: Texts, language: str) -> str:
    """A page about a problem type in the caller's language."""
    translated = [texts.text(text, language) for text in (problem.title, problem.detail)]
    title, detail = (html.escape(text) for text in translated)
    return (
        f"<!doctype html><html lang='{language}'><meta charset='utf-8'><title>{title}</title>"
        f"<h1>{title}</h1><p><code>{problem.code}</code>, {problem.status}</p>"
        f"<p>{detail}</p></html>"
    )
