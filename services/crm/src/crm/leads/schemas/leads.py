"""What callers ask of leads, and what they see."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from chassis.http.etag import EtagVersion, Revision
from crm.accounts.schemas import ReachableQuery
from crm.consents import Consent, ConsentChange, ConsentPatch
from crm.leads.states import LeadStatus
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.links import ExternalRef
from values.address import Address, AddressChange, AddressPatch
from values.decimals import Quantity
from values.email import Email
from values.external import SourceVersion
from values.phone import PhoneText
from values.text import (
    Code,
    Command,
    Emptied,
    Language,
    Line,
    Name,
    OptionalLine,
    OptionalNote,
    unset,
)

__all__ = [
    "TOUCH_FIELDS",
    "AddLeadTouch",
    "ChangeLead",
    "DisqualifyLead",
    "LeadQuery",
    "LeadTouchView",
    "LeadView",
    "NewLead",
    "Touch",
    "UpsertLead",
]

TOUCH_FIELDS = ("source", "campaign", "medium", "referrer")
"""What a touch says."""


class LeadFields(CustomValues):
    """Fields of a lead. What is left out of a change stays as it is."""

    company: OptionalLine = Field(default_factory=unset, description="The firm, as it was given.")
    title: OptionalLine = Field(default_factory=unset, description="Position, such as buyer.")
    email: Annotated[Email | None, Emptied] = Field(default_factory=unset)
    phone: Annotated[PhoneText | None, Emptied] = Field(
        default_factory=unset,
        description="As people write it; shown in E.164 where it is valid.",
    )
    language: Annotated[Language | None, Emptied] = Field(
        default_factory=unset, description="Language to write in."
    )
    note: OptionalNote = Field(default_factory=unset, description="What the lead asks for.")
    owner_id: UUID | None = Field(default=None, description="The user who works on it.")
    team_id: UUID | None = Field(
        default=None, description="The team it is given to as long as it has no owner."
    )


class TouchFields(Command):
    """How somebody came to us."""

    source: OptionalLine = Field(
        default_factory=unset, description="Where from, such as a fair, a form, a search engine."
    )
    campaign: OptionalLine = Field(default_factory=unset, description="The campaign's name.")
    medium: OptionalLine = Field(
        default_factory=unset, description="By what means, such as e-mail, call or search."
    )
    referrer: OptionalLine = Field(
        default_factory=unset, description="The page or person that led here."
    )


class NewLead(LeadFields, TouchFields):
    """Take down a lead. Source, campaign, medium and referrer make its first touch."""

    name: Name
    address: Address = Field(default_factory=Address)
    consent: Consent = Field(default_factory=Consent)


class ChangeLead(LeadFields):
    """Change a lead (JSON merge patch). Where it came from is not changed: touches are added."""

    name: Name = Field(default_factory=unset)
    address: AddressPatch = Field(default_factory=AddressChange)
    consent: ConsentPatch = Field(default_factory=ConsentChange)


class UpsertLead(LeadFields, TouchFields):
    """A lead as another system knows it; fields and parts left out stay as they are here.

    Another source, campaign, medium or referrer than the last one adds a touch.
    """

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    address: AddressPatch = Field(default_factory=AddressChange)
    consent: ConsentPatch = Field(default_factory=ConsentChange)


class AddLeadTouch(TouchFields):
    """Note one more way in which the lead came to us; one of the four words is needed."""

    at: AwareDatetime | None = Field(default=None, description="When it was; null: now.")

    @model_validator(mode="after")
    def _says_something(self) -> "AddLeadTouch":
        if not any(getattr(self, name) for name in TOUCH_FIELDS):
            message = "Say one of source, campaign, medium and referrer."
            raise ValueError(message)
        return self


class DisqualifyLead(Command):
    """Give a lead up."""

    reason: Code = Field(description="Code of one of the company's reasons.")


class Touch(BaseModel):
    """One way in which a lead came to us."""

    source: str
    campaign: str
    medium: str
    referrer: str
    at: datetime = Field(description="When it was.")


class LeadTouchView(Touch):
    """A touch among all of a lead."""

    id: UUID
    first: bool = Field(description="True: the first one, which stays the first.")
    created_at: datetime


class LeadView(CustomView):
    """A lead."""

    id: UUID
    name: str
    company: str
    title: str
    email: str
    phone: str = Field(
        description="In E.164; as it was typed where it is not valid or has an extension."
    )
    phone_raw: str = Field(description="As it was typed.")
    address: Address
    language: str
    note: str
    status: LeadStatus = Field(
        description="new, working, qualified, converted or disqualified; acts change it."
    )
    reason: str | None = Field(description="Code of why it was given up; null: it was not.")
    owner_id: UUID | None
    team_id: UUID | None
    source: str = Field(description="Of the first touch; it stays.")
    campaign: str = Field(description="Of the first touch; it stays.")
    score: Quantity = Field(
        description="What the score rules gave when they were last asked; …/score says why."
    )
    first_touch: Touch | None = Field(description="How it came here first; null: nobody said.")
    last_touch: Touch | None = Field(description="How it came here last.")
    last_touch_at: datetime | None
    account_id: UUID | None = Field(
        description="Of a converted lead: the account that it became or joined."
    )
    contact_id: UUID | None = Field(description="The contact, likewise.")
    opportunity_id: UUID | None = Field(description="The opportunity, likewise.")
    converted_at: datetime | None = Field(description="When it was converted; null: it was not.")
    consent: Consent
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime
    erased_at: datetime | None = Field(
        description="When the person was erased; such a record gets no personal data any more."
    )


class LeadQuery(ReachableQuery):
    """Which leads are wanted."""

    q: Line | None = Field(
        default=None, description="Words of name, company, e-mail or phone; also pinyin."
    )
    status: Annotated[str, AnyOf(LeadStatus)] | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    source: Line | None = None
    campaign: Line | None = None
    reason: Code | None = None
    account_id: UUID | None = Field(
        default=None, description="Leads that this account was made of, or joined."
    )
    contact_id: UUID | None = Field(default=None, description="Likewise of a contact.")
    opportunity_id: UUID | None = Field(default=None, description="Likewise of an opportunity.")
    score_from: Quantity | None = Field(default=None, description="The lowest score.")
    score_to: Quantity | None = Field(default=None, description="The highest score.")
