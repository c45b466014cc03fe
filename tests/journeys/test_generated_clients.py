"""Generated clients do against running services what an integrator does first."""

import asyncio
import json
import os
import shutil
from contextlib import AsyncExitStack

import pytest

from contracts.clients.build import Language, made
from contracts.clients.python import JOURNEY, PYTHON, interpreter
from contracts.clients.typescript import COMPILED_JOURNEY, TYPESCRIPT
from contracts.node import SetUpError, environment
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from identity.testing.service import running
from tests.contract.sockets import listening

SEEN = {
    "pages": [2, 2, 1],
    "changes": [[200, None], [412, "stale_revision"]],
    "refusal": [422, "invalid_input", "/email"],
    "order": ["draft", "confirmed", "confirmed"],
    "account": "Quay 0",
}


async def provide(language: Language) -> None:
    """The clients, generated and compiled unless `make check` did; skipped where none can be."""
    try:
        await asyncio.to_thread(made, language)
    except SetUpError as missing:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{missing}\n(CI is set, so no client may be skipped)", pytrace=False)
        pytest.skip(str(missing))


async def journey(cluster, command: list[str], **variables: str) -> object:
    """What a client that is a program of its own saw of two running services."""
    async with AsyncExitStack() as stack:
        where = dict(variables)
        for name, service in (("ERP", ERP), ("CRM", CRM)):
            half = await stack.enter_async_context(running(service, cluster))
            where[f"{name}_URL"] = await stack.enter_async_context(listening(half.app))
            where[f"{name}_KEY"] = half.admin_key
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=environment() | where,
        )
        said, faults = await process.communicate()
    assert process.returncode == 0, faults.decode()
    return json.loads(said)


async def test_the_python_clients_create_page_change_and_order(cluster):
    await provide(PYTHON)
    command = [str(interpreter()), str(JOURNEY)]
    assert await journey(cluster, command, PYTHONPATH=str(PYTHON.target)) == SEEN


async def test_the_typescript_clients_create_page_change_and_order(cluster):
    await provide(TYPESCRIPT)
    node = shutil.which("node", path=environment()["PATH"])
    assert node
    command = [node, str(TYPESCRIPT.target / COMPILED_JOURNEY)]
    assert await journey(cluster, command) == SEEN
