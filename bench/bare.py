"""The limit of a write over HTTP: FastAPI and asyncpg with nothing around them, same rows.

`plain` takes both as they come; `tuned` does without the pool's reset and with generic plans.
Run as a process: python -m bench.bare PORT, with BENCH_BARE telling the rest as JSON.
"""

import asyncio
import base64
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import uvicorn
from fastapi import FastAPI, Request, Response

from bench.loader import told
from bench.same_rows import SameRows, Touched, Written

__all__ = ["TUNED", "create_app", "write_rows"]

POOL = 8
TUNED = {
    "plan_cache_mode": "force_generic_plan",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "timezone": "UTC",
}


async def same_rows(asked: Mapping[str, Any]) -> SameRows:
    """The rows of the act done by ours, from its database."""
    sql = await asyncpg.connect(asked["url"])
    try:
        return await SameRows.read(
            sql,
            [Written(**one) for one in asked["written"]],
            UUID(asked["record"]),
            [Touched(**one) for one in asked["touched"]],
        )
    finally:
        await sql.close()


def create_app(asked: dict[str, Any]) -> FastAPI:
    """One route that writes the rows and answers as many bytes as ours."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.rows = await same_rows(asked)
        tuned: dict[str, Any] = {"reset": _no_reset, "server_settings": TUNED}
        pool = asyncpg.create_pool(
            asked["url"], min_size=POOL, max_size=POOL, **(tuned if asked["tuned"] else {})
        )
        async with pool as app.state.pool:
            yield

    app = FastAPI(lifespan=lifespan)
    body = base64.b64decode(asked["reply"])

    @app.get("/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/write")
    async def write(request: Request) -> Response:
        orjson.loads(await request.body())
        async with app.state.pool.acquire() as sql:
            await app.state.rows.write(sql)
        return Response(body, status_code=201, media_type="application/json")

    @app.post("/write/{record}")
    async def write_to(record: UUID, request: Request) -> Response:
        orjson.loads(await request.body())
        async with app.state.pool.acquire() as sql:
            await app.state.rows.write(sql, record)
        return Response(body, status_code=200, media_type="application/json")

    return app


async def _no_reset(_connection: Any) -> None:
    """Leave the connection as it is."""


_SAMPLES: dict[str, SameRows] = {}


async def write_rows(
    rows_of: dict[str, Any], *, clients: int, seconds: float, records: list[str] | None = None
) -> dict[str, float]:
    """The limit without HTTP: so many connections write the rows for a time. An act of a load."""
    record, url = rows_of["record"], rows_of["url"]
    rows = _SAMPLES[record] = _SAMPLES.get(record) or await same_rows(rows_of)
    left = None if records is None else [UUID(record) for record in records]
    connections = [await asyncpg.connect(url, server_settings=TUNED) for _ in range(clients)]
    taken: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()

    async def one(sql: "asyncpg.Connection[Any]") -> None:
        while time.perf_counter() < began + seconds and left != []:
            ready = left.pop() if left else None
            started = time.perf_counter()
            await rows.write(sql, ready)
            taken.append(time.perf_counter() - started)

    await asyncio.gather(*map(one, connections))
    spent, used = time.perf_counter() - began, time.process_time() - cpu
    for sql in connections:
        await sql.close()
    return told(taken, spent, used)


if __name__ == "__main__":
    uvicorn.run(
        create_app(orjson.loads(os.environ["BENCH_BARE"])),
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        log_level="warning",
        access_log=False,
    )
