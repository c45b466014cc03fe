"""What is published of merges."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event

__all__ = ["MergeChanged"]


class MergeChanged(Event):
    """Two records were merged, or their merge was undone.

    Who keeps ids of such records takes `winner_id` for `loser_id` from then on, until `undone_at`
    says that both are there again.
    """

    event_name: ClassVar[str] = "merge-changed"
    topic: ClassVar[str] = "merge"
    aggregate: ClassVar[str] = "merge"

    record_type: str = Field(description="Type of the two records, such as `account`.")
    winner_id: UUID = Field(description="The record that stays.")
    loser_id: UUID = Field(description="The record that is the other one now.")
    merged_at: datetime = Field(description="When they were merged.")
    undone_at: datetime | None = Field(description="When that was undone; null: it holds.")
