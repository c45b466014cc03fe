"""Strangers who say nothing, who say it slowly, who never listen, or who say too much at once."""

import asyncio
import json
import resource
import socket
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvicorn

from chassis.http.connections import (
    FILES_BESIDE,
    HEAD_BYTES_MAX,
    allow_files,
    protocol_of,
)

FOREVER_SECONDS = 60.0
SOON_SECONDS = 0.2
HELLO = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /v1/notes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def served(sample, app=None, *, connections=100, **settings):
    """The sample service, or another application, behind a socket; its address."""
    times = {"head_timeout_seconds": FOREVER_SECONDS, "body_timeout_seconds": FOREVER_SECONDS}
    known = sample.settings.model_copy(update=times | settings)
    config = uvicorn.Config(
        app or sample.app,
        http=protocol_of(known, connections),
        lifespan="off",
        log_config=None,
        timeout_keep_alive=settings.get("keep_alive", 60),
        timeout_graceful_shutdown=1,
    )
    server = Beside(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 * 1024)
        serving = asyncio.create_task(server.serve([listening]))
        try:
            yield listening.getsockname()
        finally:
            server.should_exit = True
            await serving


class Beside(uvicorn.Server):
    async def serve(self, sockets=None):
        await self._serve(sockets)


@asynccontextmanager
async def caller(address, **options):
    reader, writer = await asyncio.open_connection(*address, **options)
    try:
        yield reader, writer
    finally:
        writer.close()


async def to_the_end(reader):
    """All that is said until the connection is closed; nothing where it is cut off."""
    try:
        return await asyncio.wait_for(reader.read(), FOREVER_SECONDS)
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize(
    "begun", [b"", b"GET /livez HT", b"GET /livez HTTP/1.1\r\nX-A: ", HELLO[:-2]]
)
async def test_a_head_that_never_comes_whole_is_not_waited_for(sample, begun):
    async with (
        served(sample, head_timeout_seconds=SOON_SECONDS) as address,
        caller(address) as (reader, writer),
    ):
        writer.write(begun)
        assert await to_the_end(reader) == b""


async def test_nor_that_of_a_second_request(sample):
    async with (
        served(sample, head_timeout_seconds=SOON_SECONDS) as address,
        caller(address) as (reader, writer),
    ):
        writer.write(HELLO)
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
        writer.write(b"GET /livez")
        assert await to_the_end(reader) == b""


@pytest.mark.parametrize("body", [b"", b"{", b'{"text": "'])
async def test_a_body_that_stops_is_not_waited_for(sample, body):
    shown = f"Authorization: Bearer {sample.admin_key}\r\n".encode()
    async with (
        served(sample, body_timeout_seconds=SOON_SECONDS) as address,
        caller(address) as (reader, writer),
    ):
        writer.write(POST + shown + b"Idempotency-Key: k\r\nContent-Length: 100\r\n\r\n" + body)
        assert await to_the_end(reader) == b""


async def test_a_body_that_goes_on_is_waited_for(sample):
    """However long it takes: each time enough of it came."""
    taken, rounds = 0, 6
    size = 16 * 1024 * rounds

    async def app(_scope, receive, send):
        nonlocal taken
        while taken < size:
            taken += len((await receive())["body"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"whole"})

    async with (
        served(sample, app, body_timeout_seconds=SOON_SECONDS) as address,
        caller(address) as (reader, writer),
    ):
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % size)
        began = asyncio.get_running_loop().time()
        for part in range(1, rounds + 1):
            writer.write(b"x" * 16 * 1024)
            until = began + part * SOON_SECONDS / 2
            await asyncio.wait_for(_passed(until), FOREVER_SECONDS)
        assert b"whole" in await reader.readuntil(b"whole")
        assert asyncio.get_running_loop().time() - began >= 2 * SOON_SECONDS


async def _passed(until):
    """When the loop's clock says so."""
    done = asyncio.Event()
    asyncio.get_running_loop().call_at(until, done.set)
    await done.wait()


async def test_a_reply_that_nobody_reads_is_not_kept(sample):
    """Not in memory, and not as a file: the application is told that the caller is gone."""
    gone = asyncio.Event()

    async def app(_scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while not gone.is_set():
            message = {"type": "http.response.body", "body": b"x" * 1024 * 1024, "more_body": True}
            await send(message)
            if not await _is_there(receive):
                gone.set()

    async with served(sample, app, body_timeout_seconds=SOON_SECONDS) as address:
        with socket.socket() as silent:
            silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            silent.connect(address)
            silent.sendall(HELLO)
            await asyncio.wait_for(gone.wait(), FOREVER_SECONDS)


async def test_replies_that_are_read_slowly_are_waited_for(sample):
    """Several at once, larger than what is kept for a caller, however long they take."""
    size, replies, seconds = 1024 * 1024, 3, 1.0

    async def app(_scope, _receive, send):
        length = (b"content-length", str(size).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": b"x" * size})

    loop = asyncio.get_running_loop()
    async with served(sample, app, body_timeout_seconds=seconds) as address:
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.settimeout(0)
            await loop.sock_connect(slow, address)
            await loop.sock_sendall(slow, HELLO * replies)
            began, taken, steps = loop.time(), 0, 0
            while taken < size * replies:
                until = taken + size // 4
                while taken < min(until, size * replies):
                    got = await loop.sock_recv(slow, 64 * 1024)
                    assert got, f"cut off after {taken} bytes"
                    taken += len(got)
                steps += 1
                await asyncio.wait_for(_passed(began + steps * seconds / 4), FOREVER_SECONDS)
    assert loop.time() - began > 2 * seconds


async def _is_there(receive):
    task = asyncio.ensure_future(receive())
    done, _ = await asyncio.wait([task], timeout=0)
    task.cancel()
    return not done or task.result()["type"] != "http.disconnect"


LONG = b"x" * (HEAD_BYTES_MAX + 1)


@pytest.mark.parametrize(
    "head",
    [
        b"GET /livez?" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /livez?" + LONG,
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: " + LONG + b"\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nHost: x\r\nX-A: " + LONG,
        b"GET /livez HTTP/1.1\r\nHost: x\r\n" + LONG,
        b"GET /livez HTTP/1.1\r\nHost: x\r\n" + b"X-A: y\r\n" * 20_000 + b"\r\n",
        POST + b"Content-Length: 2\r\nX-A: " + LONG + b"\r\n\r\n{}",
    ],
    ids=["address", "open address", "header", "open header", "name", "headers", "with a body"],
)
async def test_a_head_beyond_64_kib_is_cut_off(sample, head):
    async with served(sample) as address, caller(address) as (reader, writer):
        writer.write(head)
        reply = await to_the_end(reader)
        if not reply:  # cut off while more was on its way
            return
        assert reply.count(b"HTTP/1.1 ") == 1
        assert reply.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n")
        problem = json.loads(reply.partition(b"\r\n\r\n")[2])
        assert (problem["code"], problem["facts"]) == ("head_too_large", {"limit": HEAD_BYTES_MAX})


async def _write_on(writer):
    for _ in range(1000):
        writer.write(LONG)
        await writer.drain()


async def test_so_is_a_trailer(sample):
    begun = POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-A: "
    async with served(sample) as address, caller(address) as (_, writer):
        writer.write(begun)
        with pytest.raises(ConnectionError):
            await _write_on(writer)


async def test_a_head_below_it_is_read(sample):
    async with served(sample) as address, caller(address) as (reader, writer):
        for _ in range(3):  # each counts by itself
            writer.write(HELLO[:-2] + b"X-A: " + b"x" * 40_000 + b"\r\n\r\n")
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")


async def test_one_connection_too_many_is_refused(sample):
    async with (
        served(sample, connections=2) as address,
        caller(address) as (reader, writer),
        caller(address) as (_, silent),
    ):
        for one in (silent, writer):
            one.write(HELLO)
        assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")
        async with caller(address) as (refused, _):
            reply = await to_the_end(refused)
        assert reply.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
        assert b"\r\nretry-after: 1\r\n" in reply
        assert json.loads(reply.partition(b"\r\n\r\n")[2])["code"] == "too_many_connections"


OTHER = ("127.0.0.2", 0)
"""An address that is no proxy; this machine's usual one is."""


async def test_one_address_has_no_more_connections_than_its_share(sample):
    async with (
        served(sample, connections_max_per_source=2) as address,
        caller(address, local_addr=OTHER) as (reader, writer),
    ):
        writer.write(HELLO)
        await reader.readuntil(b"}")
        for _ in range(3):  # what ends makes room
            async with caller(address, local_addr=OTHER) as (second, writes):
                writes.write(HELLO)
                assert (await second.readuntil(b"}")).startswith(b"HTTP/1.1 200")
                async with caller(address, local_addr=OTHER) as (refused, _):
                    reply = await to_the_end(refused)
                assert reply.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
                async with caller(address, local_addr=("127.0.0.3", 0)) as (third, asks):
                    asks.write(HELLO)
                    assert (await third.readuntil(b"}")).startswith(b"HTTP/1.1 200")
                writes.write(HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                assert (await to_the_end(second)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("proxies", [None, "127.0.0.2", "127.0.0.0/8", "*"])
async def test_a_proxy_has_as_many_as_it_needs(sample, monkeypatch, proxies):
    """All its callers come from its address; this machine is one unless others are named."""
    if proxies:
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", proxies)
    source = {"local_addr": OTHER if proxies else ("127.0.0.1", 0)}
    async with served(sample, connections_max_per_source=1) as address, AsyncExitStack() as stack:
        for _ in range(3):
            reader, writer = await stack.enter_async_context(caller(address, **source))
            writer.write(HELLO)
            assert (await reader.readuntil(b"}")).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("limits", "connections", "soft"),
    [
        ((256, 100_000), 1000, 1000 + FILES_BESIDE + 8),
        ((100_000, 100_000), 1000, 100_000),
        ((256, 600), 600 - FILES_BESIDE - 8, 600),
        ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), 1000, resource.RLIM_INFINITY),
    ],
)
def test_the_limit_of_files_is_raised_or_said(sample, monkeypatch, limits, connections, soft):
    now = [limits]
    monkeypatch.setattr(resource, "getrlimit", lambda _: now[0])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: now.append(limits))
    known = sample.settings.model_copy(update={"connections_max": 1000, "pool_size": 8})
    assert allow_files(known) == connections
    assert now[-1][0] == soft
