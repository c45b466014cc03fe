"""Clients that offer HTTP/2 over plain HTTP keep their body, whole or in pieces."""

import asyncio
import json
import shutil
import subprocess

import pytest
from libs.chassis.tests.http.test_connections import caller, served, to_the_end

from chassis.http.upgrades import without_offer

BODY = b'{"text": "kept"}'
HEAD = (
    b"POST /v1/notes?a=1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n"
)
SIZED = HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY)
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)


async def echo(scope, receive, send):
    """Answer with what the application was given."""
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    seen = {
        "method": scope["method"],
        "query": scope["query_string"].decode(),
        "headers": sorted(name.decode() for name, _ in scope["headers"]),
        "body": body.decode(),
    }
    said = json.dumps(seen).encode()
    length = (b"content-length", str(len(said)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": said})


async def seen_of(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return json.loads(await reader.readexactly(size))


@pytest.mark.parametrize(
    "pieces",
    [
        [SIZED + BODY],
        [SIZED, BODY],
        [SIZED[:20], SIZED[20:] + BODY[:5], BODY[5:]],
        [CHUNKED + CHUNKS],
        [CHUNKED, CHUNKS[:7], CHUNKS[7:]],
    ],
    ids=["whole", "head-then-body", "torn", "chunked", "chunks-torn"],
)
async def test_an_offer_of_http2_is_declined_and_the_body_stays(sample, pieces):
    async with served(sample, echo) as address, caller(address) as (reader, writer):
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        seen = await seen_of(reader)
        assert (seen["method"], seen["query"], seen["body"]) == ("POST", "a=1", BODY.decode())
        assert not {"upgrade", "http2-settings"} & set(seen["headers"])
        # The connection goes on: with another offer, and without one.
        writer.write(SIZED + BODY)
        assert (await seen_of(reader))["body"] == BODY.decode()
        writer.write(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await seen_of(reader))["method"] == "GET"


async def test_two_requests_in_one_piece_are_both_answered(sample):
    async with served(sample, echo) as address, caller(address) as (reader, writer):
        writer.write(SIZED + BODY + SIZED + BODY)
        assert [(await seen_of(reader))["body"] for _ in range(2)] == [BODY.decode()] * 2


async def test_a_tunnel_is_not_opened(sample):
    async with served(sample, echo) as address, caller(address) as (reader, writer):
        writer.write(b"CONNECT other:443 HTTP/1.1\r\nHost: other\r\nConnection: close\r\n\r\n")
        assert not (await to_the_end(reader)).startswith(b"HTTP/1.1 101")


def test_what_else_the_connection_says_stays():
    headers = [(b"connection", b"close, Upgrade"), (b"upgrade", b"websocket"), (b"host", b"x")]
    head = without_offer(b"GET", b"/x", "1.1", headers)
    assert head == b"GET /x HTTP/1.1\r\nconnection: close\r\nhost: x\r\n\r\n"


JAVA = """
import java.net.URI;
import java.net.http.*;
public class Post {
  public static void main(String[] given) throws Exception {
    var client = HttpClient.newHttpClient();
    for (int turn = 0; turn < 2; turn++) {
      var request = HttpRequest.newBuilder(URI.create(given[0]))
        .POST(HttpRequest.BodyPublishers.ofString(given[1])).build();
      System.out.println(client.send(request, HttpResponse.BodyHandlers.ofString()).body());
    }
  }
}
"""


@pytest.mark.skipif(shutil.which("java") is None, reason="there is no Java to make a client with")
async def test_javas_own_client_keeps_its_body(sample, tmp_path):
    source = tmp_path / "Post.java"
    source.write_text(JAVA)
    async with served(sample, echo) as (host, port):
        url = f"http://{host}:{port}/x"
        command = ["java", str(source), url, BODY.decode()]
        done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["body"] for line in done.stdout.splitlines()] == [BODY.decode()] * 2
