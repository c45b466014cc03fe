"""The sample service, for the tests of the libraries."""

import importlib.util
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest

from chassis.testing.cluster import TestCluster
from identity.testing.service import ServiceUnderTest, running


def _load_sample() -> ModuleType:
    """The tests' own service, imported once under one name."""
    if "sample_service" not in sys.modules:
        path = Path(__file__).parent / "chassis" / "tests" / "sample" / "service.py"
        spec = importlib.util.spec_from_file_location("sample_service", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["sample_service"] = module
        spec.loader.exec_module(module)
    return sys.modules["sample_service"]


@pytest.fixture(scope="session")
def sample_module() -> ModuleType:
    """The module that makes the sample service."""
    return _load_sample()


@pytest.fixture(scope="session")
async def sample(cluster: TestCluster) -> AsyncIterator[ServiceUnderTest]:
    """The sample service, running for all tests of a process."""
    async with running(_load_sample().SERVICE, cluster) as service:
        yield service
