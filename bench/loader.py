"""The load process: does one act after the other as told on standard input, one JSON line each.

It is a process of its own, so that what sends requests shares no event loop with what answers.
An act is a coroutine function `module:name`; it gets the rest of the line and returns a dictionary.
"""

import asyncio
import base64
import importlib
import os
import sys
import time
from typing import Any

import orjson
import uvloop

from bench.figures import quantile
from bench.wire import TOKEN, Connection, Refused

__all__ = ["load", "told"]


async def load(
    url: str,
    request: str,
    *,
    clients: int,
    seconds: float = 0,
    count: int = 0,
    records: list[str] | None = None,
) -> dict[str, float]:
    """Send the same request (base64) from so many clients, for a time or so many times each.

    Every TOKEN in it becomes a text of its own; where `records` are given, one of them, and the
    load ends with the last. Raises Refused at the first error.
    """
    pattern = base64.b64decode(request)
    connections = [await Connection.open(url) for _ in range(clients)]
    taken: list[float] = []
    began, cpu = time.perf_counter(), time.process_time()
    until = began + seconds if seconds else float("inf")

    async def one(connection: Connection) -> None:
        done = 0
        while time.perf_counter() < until and (not count or done < count) and records != []:
            token = (records.pop() if records else os.urandom(16).hex()).encode()
            started = time.perf_counter()
            reply = await connection.ask(pattern.replace(TOKEN.encode(), token))
            taken.append(time.perf_counter() - started)
            done += 1
            if reply.status >= 300:
                message = f"{reply.status} {reply.body[:500]!r}"
                raise Refused(message)

    await asyncio.gather(*map(one, connections))
    spent, used = time.perf_counter() - began, time.process_time() - cpu
    for connection in connections:
        connection.close()
    return told(taken, spent, used)


def told(taken: list[float], seconds: float, cpu: float) -> dict[str, float]:
    """Rate, latencies in milliseconds and processor seconds of a series of acts."""
    return {
        "count": len(taken),
        "rate": len(taken) / seconds,
        "p50": quantile(taken, 0.5) * 1000,
        "p95": quantile(taken, 0.95) * 1000,
        "p99": quantile(taken, 0.99) * 1000,
        "cpu": cpu,
    }


async def serve() -> None:
    """Act line by line until the input ends."""
    loop = asyncio.get_running_loop()
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # log lines of what acts run go where errors go
    while line := await loop.run_in_executor(None, sys.stdin.buffer.readline):
        asked: dict[str, Any] = orjson.loads(line)
        module, _, name = asked.pop("act").partition(":")
        act = getattr(importlib.import_module(module), name)
        try:
            answer = await act(**asked)
        except Exception as failed:  # noqa: BLE001 - told to the process that asked
            answer = {"error": f"{type(failed).__name__}: {failed}"}
        answers.write(orjson.dumps(answer) + b"\n")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        # Acts are looked up by import, so that functions of this file are not had twice.
        runner.run(importlib.import_module("bench.loader").serve())
