"""Registers the fixtures that every distribution's tests share."""

import gc
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

pytest_plugins = ["chassis.testing.plugin", "embedded.testing"]

gc.disable()  # what is imported until all tests are collected stays


def pytest_collection_finish() -> None:
    """The collector need not look through the services and the tests again with each test."""
    gc.enable()


@pytest.fixture(autouse=True, scope="session")
def _loggers_are_not_cached() -> Iterator[None]:
    """A cached logger keeps the set-up it was first used under, whatever is set up after it."""
    configure = structlog.configure
    configure(cache_logger_on_first_use=False)

    def without_cache(**given: Any) -> None:
        configure(**given | {"cache_logger_on_first_use": False})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", without_cache)
        yield
