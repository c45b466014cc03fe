"""The bridge under test, between two halves that can be told to fail."""

import sys
from pathlib import Path

import pytest

from identity.testing.service import running
from sync_bridge.app import SERVICE

sys.path.insert(0, str(Path(__file__).parents[1]))  # these tests are `tests.` as well

from tests.halves import Half, Rig


@pytest.fixture
async def bridge(cluster):
    """The bridge alone, on a database of its own."""
    async with running(SERVICE, cluster) as service:
        yield service


@pytest.fixture
async def rig(bridge):
    """The bridge between a CRM and an ERP."""
    rig = Rig(bridge, crm=Half("crm"), erp=Half("erp"))
    yield rig
    await rig.close()
