"""What callers ask of hand-overs, and what they see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StrictBool

from values.text import Command

__all__ = [
    "HandOver",
    "HandOverPreview",
    "HandOverQuery",
    "HandOverView",
    "OpenCount",
    "OpenWorkView",
    "PreviewHandOver",
    "TakerView",
]


class PreviewHandOver(Command):
    """Ask what a hand-over would move."""

    from_user_id: UUID = Field(description="Whose open records go.")
    to_user_ids: Annotated[list[UUID], Field(max_length=500)] = Field(
        default=[], description="Who gets them: one gets all, several the same number each."
    )
    to_team_id: UUID | None = Field(
        default=None, description="Or a team: its active members get the same number each."
    )


class HandOver(PreviewHandOver):
    """Give everything open of a user to others."""

    disable: StrictBool = Field(default=False, description="Whether the user is disabled as well.")


class OpenCount(BaseModel):
    """So many open records of a type."""

    type: str = Field(description="The type of records, such as account.")
    count: int


class OpenWorkView(BaseModel):
    """What a user has open."""

    user_id: UUID
    total: int
    open: list[OpenCount] = Field(description="By type; types without any are left out.")


class TakerView(BaseModel):
    """Who gets how many."""

    user_id: UUID
    name: str
    moved: list[OpenCount]


class HandOverPreview(BaseModel):
    """What a hand-over would move."""

    from_user_id: UUID
    moved: list[OpenCount]
    takers: list[TakerView]


class HandOverView(HandOverPreview):
    """What a hand-over moved."""

    id: UUID
    disabled: bool = Field(description="Whether the user was disabled with it.")
    actor: str = Field(description="Who did it.")
    recorded_at: datetime


class HandOverQuery(BaseModel):
    """Which hand-overs are wanted."""

    from_user_id: UUID | None = None
