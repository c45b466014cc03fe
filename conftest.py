"""Registers the fixtures that every distribution's tests share."""

from collections.abc import Iterator
from typing import Any

import pytest
import structlog

pytest_plugins = ["chassis.testing.plugin", "embedded.testing"]


@pytest.fixture(autouse=True, scope="session")
def _loggers_are_not_cached() -> Iterator[None]:
    """A logger that is cached keeps the set-up of the test that used it first."""
    configure = structlog.configure

    def without_cache(**given: Any) -> None:
        configure(**given | {"cache_logger_on_first_use": False})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", without_cache)
        yield


@pytest.fixture(autouse=True)
def _logs_are_set_up_by_each_test() -> Iterator[None]:
    yield
    structlog.reset_defaults()
