"""Invitations as replies show them."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from identity.invitations import Purpose

__all__ = ["InvitationView"]


class InvitationView(BaseModel):
    """An invitation that was just made. Give it to the person by a way that others cannot read."""

    model_config = ConfigDict(from_attributes=True)

    user_id: UUID = Field(description="Whom it invites.")
    purpose: Purpose = Field(description="password: to set one; second_factor: to enrol one.")
    expires_at: datetime = Field(description="When it counts no more, if not used (UTC).")
    address: str = Field(description="Where the person sends the token.")
    token: str | None = Field(
        description="The token, shown this once; null when a repeat is answered."
    )
