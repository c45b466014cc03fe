"""Applications behind a socket, for clients that are other programs."""

import asyncio
import socket
from contextlib import asynccontextmanager

import uvicorn


@asynccontextmanager
async def listening(app):
    """The application behind a socket of this machine; its address."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        config = uvicorn.Config(app, log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[door]))
        try:
            yield "http://{}:{}".format(*door.getsockname())
        finally:
            server.should_exit = True
            await serving
