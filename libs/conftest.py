"""The sample service, for the tests of the libraries."""

import importlib.util
import sys
from pathlib import Path

import pytest

from chassis.testing.service import running


def _load_sample():
    """The tests' own service, imported once under one name."""
    if "sample_service" not in sys.modules:
        path = Path(__file__).parent / "chassis" / "tests" / "sample" / "service.py"
        spec = importlib.util.spec_from_file_location("sample_service", path)
        module = importlib.util.module_from_spec(spec)
        sys.modules["sample_service"] = module
        spec.loader.exec_module(module)
    return sys.modules["sample_service"]


@pytest.fixture(scope="session")
def sample_module():
    return _load_sample()


@pytest.fixture(scope="session")
async def sample(cluster):
    async with running(_load_sample().SERVICE, cluster) as service:
        yield service
