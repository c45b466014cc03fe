"""The pytest plugin of the house: the broker, the clock."""

from chassis.telemetry.logs import configure_logs
from chassis.testing.clock import pytest_runtest_call, set_clock
from chassis.testing.kafka import (
    crashable_kafka,
    kafka,
    kafka_here,
    pytest_terminal_summary,
    secured_kafka,
)

__all__ = [
    "crashable_kafka",
    "kafka",
    "kafka_here",
    "pytest_configure",
    "pytest_runtest_call",
    "pytest_terminal_summary",
    "secured_kafka",
]


def pytest_configure() -> None:
    """Log as in production, one JSON line; start the clock where it is to start."""
    configure_logs("json", service="tests")
    set_clock()
