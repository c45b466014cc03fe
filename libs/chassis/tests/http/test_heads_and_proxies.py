"""What a head says is not taken for more than it is: who sent it, and where its message ends."""

import asyncio
import json
import socket
from contextlib import asynccontextmanager

import pytest
import uvicorn

from chassis.http.connections import protocol_of
from chassis.http.rate_limits import source_of

SOON_SECONDS = 30.0
FORGED = "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\nX-Forwarded-Proto: https\r\n"


@asynccontextmanager
async def served(sample, app):
    """The application behind a socket as it is served; its address."""
    config = uvicorn.Config(
        app, http=protocol_of(sample.settings, 10), lifespan="off", log_config=None
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as door:
        serving = asyncio.create_task(server.serve([door]))
        try:
            yield door.getsockname()
        finally:
            server.should_exit = True
            await serving


async def answered(address, sent):
    """All that is answered until the connection is closed."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.read(), SOON_SECONDS)
    finally:
        writer.close()


async def caller_of(scope, receive, send):
    """Answers who calls, and how."""
    await receive()
    said = json.dumps([source_of(scope), scope["scheme"]]).encode()
    head = [(b"content-length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": said})


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [
        (None, ["198.51.100.7", "https"]),
        ("127.0.0.1", ["198.51.100.7", "https"]),
        ("10.0.0.1", ["127.0.0.1", "http"]),
        ("127.0.0.1,198.51.100.7", ["203.0.113.9", "https"]),
    ],
)
async def test_only_proxies_that_are_named_say_who_calls(sample, monkeypatch, proxies, seen):
    """Over a socket: what a caller wrote before a proxy's own word counts for nothing."""
    if proxies is None:
        monkeypatch.delenv("FORWARDED_ALLOW_IPS", raising=False)
    else:
        monkeypatch.setenv("FORWARDED_ALLOW_IPS", proxies)
    head = f"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{FORGED}\r\n"
    async with served(sample, caller_of) as address:
        reply = await answered(address, head.encode())
    assert json.loads(reply.partition(b"\r\n\r\n")[2]) == seen


HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
BEGIN = b"POST /seen HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    "sent",
    [
        BEGIN + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN,
        BEGIN + b"Content-Length: %d\r\nContent-Length: 0\r\n\r\n" % len(HIDDEN) + HIDDEN,
        BEGIN + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
        BEGIN + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + HIDDEN,
        BEGIN + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + HIDDEN,
        BEGIN + b"Content-Length: +0\r\n\r\n" + HIDDEN,
        BEGIN + b"Content-Length: 0x0\r\n\r\n" + HIDDEN,
        BEGIN + b"Content-Length : 0\r\n\r\n" + HIDDEN,
        BEGIN + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + HIDDEN,
    ],
)
async def test_a_message_that_may_end_at_two_places_is_refused(sample, sent):
    """ASVS 4.2.1: what a proxy took for a body is never answered as a request."""
    paths = []

    async def noting(scope, receive, send):
        paths.append(scope["path"])
        await receive()
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async with served(sample, noting) as address:
        reply = await answered(address, sent)
    assert b" 400 " in reply.splitlines()[-1] or reply.startswith(b"HTTP/1.1 400"), reply
    assert "/hidden" not in paths
