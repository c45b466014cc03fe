"""Schemathesis asks each API whatever its document allows, and some things it does not.

No answer may be a server error, and every answer has the form that the document promises. Seeded,
so that a run can be repeated. `FUZZ` is the time for each API in seconds: 20 when unset, 60 by
`make test FUZZ=60`. `FUZZ_SEED` chooses another run.
"""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from contracts.generator.__main__ import registered
from identity.testing.service import running
from tests.architecture.sources import ROOT
from tests.contract.sockets import listening

SECONDS = int(os.environ.get("FUZZ", "20"))
SEED = int(os.environ.get("FUZZ_SEED", "20260101"))
LONG_SECONDS = 60
PHASES = "coverage,fuzzing,stateful" if SECONDS >= LONG_SECONDS else "fuzzing,stateful"
CHECKS = (
    "not_a_server_error,content_type_conformance,response_schema_conformance,"
    "response_headers_conformance"
)
# A fuzzer that ends its own key would be a stranger from then on, and try nothing more.
NOT_FUZZED = ("api_key_revoke", "api_key_rotate")
SERVICES = registered(ROOT)


async def schemathesis(address: str, key: str, room: Path) -> tuple[int, str]:
    """Exit code and report of a run, which may leave files in its room."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json"),
        *("--header", f"Authorization: Bearer {key}"),
        *("--seed", str(SEED), "--max-time", str(SECONDS), "--checks", CHECKS),
        *(word for name in NOT_FUZZED for word in ("--exclude-operation-id", name)),
        *("--continue-on-failure", "--no-color"),
        *("--phases", PHASES, "--max-examples", "5"),
        *("--warnings", "off", "--suppress-health-check", "all", "--generation-database", "none"),
    ]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={
            **os.environ,
            "SCHEMATHESIS_HOOKS": "tests.contract.fuzz_hooks",
            "PYTHONPATH": str(ROOT),
        },
        cwd=room,
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


@pytest.mark.parametrize("name", SERVICES)
async def test_no_request_makes_an_api_fail(name, cluster, tmp_path):
    async with (
        running(SERVICES[name], cluster) as service,
        listening(service.app) as address,
    ):
        await service.client.get("/openapi.json")  # the first one is made, and takes a while
        code, report = await schemathesis(address, service.admin_key, tmp_path)
    assert code == 0, report
