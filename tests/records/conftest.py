"""Both halves, each with a database of its own, and a desk to work at in each."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack

import pytest

from chassis.testing.cluster import TestCluster
from identity.testing.desk import Desk, require_problem
from identity.testing.service import running
from tests.records.annotated import one_of_each
from tests.records.kinds import HALVES


@pytest.fixture(scope="session")
async def desks(cluster: TestCluster) -> AsyncIterator[Mapping[str, Desk]]:
    """A desk in each half, by its name; use data of your own."""
    async with AsyncExitStack() as stack:
        yield {
            name: Desk(await stack.enter_async_context(running(service, cluster)))
            for name, service in HALVES.items()
        }


@pytest.fixture
def problem():
    """Checks that a reply is the problem expected; gives its document."""
    return require_problem


@pytest.fixture(scope="session", params=sorted(HALVES))
async def records(request, desks):
    """A half, and the id of a record of each of its types by the path of the collection."""
    half, desk = request.param, desks[request.param]
    return desk.server, await one_of_each(half, desk)
