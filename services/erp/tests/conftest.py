"""The ERP under test: one migrated database for each test process."""

from collections.abc import AsyncIterator

import pytest_asyncio

from chassis.testing.cluster import TestCluster
from chassis.testing.service import ServiceUnderTest, running
from erp.app import SERVICE


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def erp(cluster: TestCluster) -> AsyncIterator[ServiceUnderTest]:
    """The running ERP, its database shared by the tests of this process: use data of your own."""
    async with running(SERVICE, cluster) as service:
        yield service
