"""What records read from the environment of their service."""

from typing import cast

from pydantic import Field

from chassis.settings import ServiceSettings
from chassis.work.unit_of_work import Work

__all__ = ["RecordSettings", "source_version_step_max"]


class RecordSettings(ServiceSettings):
    """Settings of a service that keeps records."""

    source_version_step_max: int = Field(
        default=1_000_000,
        ge=1,
        le=2**53 - 1,
        description="A sender's version may be so far ahead of the last one taken, or a tenth of "
        "it where that is more; one further ahead is refused, as it would keep later ones out.",
    )


def source_version_step_max(work: Work) -> int:
    """How far a sender's version may be ahead of the last one taken."""
    return cast("RecordSettings", work.setting.settings).source_version_step_max
