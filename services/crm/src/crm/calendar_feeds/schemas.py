"""What callers see of their calendar feed."""

from datetime import datetime

from pydantic import BaseModel, Field

__all__ = ["CalendarFeedView", "IssuedCalendarFeed"]


class CalendarFeedView(BaseModel):
    """Whether one has a calendar feed. Its address is shown only when it is made."""

    active: bool = Field(description="Whether there is an address that works.")
    made_at: datetime | None = Field(description="When it was made; null: there is none.")


class IssuedCalendarFeed(BaseModel):
    """The address of a calendar feed, to be given to a calendar program."""

    path: str | None = Field(
        description="Path with the token, below the address of this service. Shown once; null when "
        "the same request is sent again. Whoever has it reads the calendar: an earlier one ends."
    )
    made_at: datetime = Field(description="When it was made.")
