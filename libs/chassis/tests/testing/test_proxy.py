"""The proxy does to a connection what a network does."""

import asyncio

import pytest

from chassis.testing.proxy import TcpProxy


@pytest.fixture
async def echo():
    """A server that answers every line with the same line."""

    async def answer(reader, writer):
        try:
            while line := await reader.readline():
                writer.write(line)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ask(streams, line=b"hello\n", within=5.0):
    reader, writer = streams
    writer.write(line)
    return await asyncio.wait_for(reader.readline(), within)


@pytest.fixture
async def proxy(echo):
    async with TcpProxy(echo) as proxy:
        yield proxy


@pytest.fixture
async def streams(proxy):
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    yield reader, writer
    writer.transport.abort()


async def test_it_leads_both_ways(streams):
    assert await ask(streams) == b"hello\n"


@pytest.mark.parametrize("direction", [{}, {"requests": False}, {"replies": False}])
async def test_a_black_hole_keeps_bytes_until_it_is_healed(proxy, streams, direction):
    assert await ask(streams) == b"hello\n"
    proxy.black_hole(**direction)
    with pytest.raises(TimeoutError):
        await ask(streams, b"late\n", within=0.1)
    await proxy.swallowing()
    proxy.heal()
    assert await asyncio.wait_for(streams[0].readline(), 5) == b"late\n"


async def test_what_is_cut_in_the_black_hole_is_lost(proxy, streams):
    proxy.black_hole()
    with pytest.raises(TimeoutError):
        await ask(streams, within=0.1)
    proxy.cut()
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await streams[0].readexactly(1)


async def test_refused_connections_end_at_once_and_later_ones_work(proxy, streams):
    assert await ask(streams) == b"hello\n"
    proxy.refuse()
    reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await reader.readexactly(1)
    writer.transport.abort()
    proxy.heal()
    again = await asyncio.open_connection("127.0.0.1", proxy.port)
    assert await ask(again) == b"hello\n"
    again[1].transport.abort()


async def test_delay_is_added_each_way(proxy, streams):
    proxy.delay_seconds = 0.2
    with pytest.raises(TimeoutError):
        await ask(streams, within=0.1)
    assert await asyncio.wait_for(streams[0].readline(), 5) == b"hello\n"


async def test_the_end_of_a_connection_goes_through(proxy, streams):
    reader, writer = streams
    assert await ask(streams) == b"hello\n"
    writer.write_eof()
    assert await asyncio.wait_for(reader.read(), 5) == b""
