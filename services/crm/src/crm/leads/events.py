"""What is published of leads: the state of one after a change."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from crm.consents import Consent
from crm.leads.states import LeadStatus
from records.custom.fields import CustomState
from values.address import Address

__all__ = ["LeadChanged", "LeadConverted"]


class LeadChanged(CustomState, Event):
    """A lead was taken down, changed, touched, qualified, given up or taken up again."""

    event_name = "lead-changed"
    topic = "lead"
    aggregate = "lead"

    name: str
    company: str
    title: str
    email: str
    phone: str = Field(
        description="In E.164; as it was typed where it is not valid or has an extension."
    )
    address: Address
    language: str
    note: str
    status: LeadStatus
    reason: str | None = Field(description="Code of why it was given up; null: it was not.")
    owner_id: UUID | None = Field(description="The user who works on it.")
    team_id: UUID | None
    source: str = Field(description="Of the first touch.")
    campaign: str = Field(description="Of the first touch.")
    last_touch_at: datetime | None
    account_id: UUID | None = Field(
        default=None, description="Of a converted lead: the account that it became or joined."
    )
    contact_id: UUID | None = Field(default=None, description="The contact, likewise.")
    opportunity_id: UUID | None = Field(default=None, description="The opportunity, likewise.")
    converted_at: datetime | None = Field(
        default=None, description="When it was converted; null: it was not."
    )
    consent: Consent
    merged_into: UUID | None = Field(
        default=None,
        description="The lead that it is now: it was merged, and has no other event unless that "
        "is undone.",
    )

    @classmethod
    def of(cls, record: object, changed: Sequence[str]) -> Self:
        """The event of a lead as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields.keys() - {"changed"}}
        return cls.model_validate(state | {"phone": state["phone"].shown, "changed": changed})


class LeadConverted(LeadChanged):
    """A lead became an account, a contact or an opportunity, or was joined to such."""

    event_name = "lead-converted"
