"""What callers say and see when a lead becomes an account, a contact and an opportunity."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from chassis.problems.problem import ProblemView
from crm.leads.schemas.duplicates import DuplicateView
from values.amounts import InCurrency
from values.days import Day
from values.money import MoneyView
from values.text import Code, Command, Name, OptionalLine, unset

__all__ = [
    "LEADS_MAX",
    "ConversionDuplicate",
    "ConversionOpportunity",
    "ConversionOutcome",
    "ConversionPart",
    "ConversionPreview",
    "ConversionReply",
    "ConvertLead",
    "ConvertLeadItem",
    "ConvertLeads",
    "ConvertedRows",
    "Use",
    "UseOpportunity",
    "UseRecord",
]

LEADS_MAX = 200
Use = Literal["new", "existing", "none"]
_USE = "new: it is made; existing: the one of this id is joined; none: there is none."


class UseRecord(Command):
    """Which record the lead becomes, or is joined to."""

    use: Use = Field(description=_USE)
    id: UUID | None = Field(default=None, description="Of an existing one.")

    @model_validator(mode="after")
    def _names_an_existing_one(self) -> "UseRecord":
        if (self.use == "existing") != (self.id is not None):
            message = "Give the id of an existing record, and of no other."
            raise ValueError(message)
        return self


class UseOpportunity(UseRecord):
    """Which opportunity the lead becomes, or is joined to. The other fields are of a new one."""

    name: Name = Field(
        default_factory=unset, description="By default the firm's name, or the person's."
    )
    pipeline: Code = Field(
        default_factory=unset, description="Id or code of the pipeline; by default the default one."
    )
    stage: Code = Field(
        default_factory=unset, description="Id or code of the stage; by default the first open one."
    )
    amount: MoneyView | None = Field(default=None, description="What it may come to.")
    closes_on: Day | None = Field(
        default=None, description="The day on which it is expected to close."
    )
    next_step: OptionalLine = Field(default_factory=unset, description="What is to be done next.")


class ConvertLead(Command):
    """Convert a lead. What is not answered is made new, unless an exact duplicate is known.

    The account of an existing contact, or of an existing opportunity, needs no answer.
    """

    account: UseRecord | None = Field(default=None, description="Null: not answered.")
    contact: UseRecord | None = Field(default=None, description="Null: not answered.")
    opportunity: UseOpportunity | None = Field(default=None, description="Null: a new one.")


class ConvertLeadItem(ConvertLead):
    """A lead among many."""

    lead_id: UUID = Field(description="The lead that is converted.")


class ConvertLeads(Command):
    """Convert many leads; each is judged alone."""

    items: Annotated[list[ConvertLeadItem], Field(min_length=1, max_length=LEADS_MAX)]


class ConversionPart(BaseModel):
    """What would become of one of the three."""

    use: Use = Field(description=_USE)
    id: UUID | None = Field(description="Of an existing one.")
    name: str = Field(description="Of the existing one, or that the new one would get.")
    fills: list[str] = Field(
        description="Fields of the existing one that would be filled from the lead: it has no "
        "value there. Its owner and its other values stay."
    )


class ConversionDuplicate(DuplicateView):
    """An account or a contact that may be the same firm or person."""

    exact: bool = Field(
        description="True: an answer is needed, as it is most likely the same: a firm of the same "
        "name; a person with the same e-mail address, or a like name and the same number."
    )


class ConversionOpportunity(InCurrency):
    """An open opportunity of the existing account: the lead can be joined to it."""

    id: UUID
    name: str
    stage_code: str
    currency: str
    amount: MoneyView | None = Field(description="Null: it is not known.")
    closes_on: date | None = Field(description="The day on which it is expected to close.")
    owner_id: UUID | None


class ConvertedRows(BaseModel):
    """So many of what stands at the lead would follow it."""

    what: Literal["activities", "notes", "attachments", "tags"] = Field(
        description="activities, notes, attachments or tags."
    )
    count: int


class ConversionPreview(BaseModel):
    """What a conversion would do. Nothing was changed."""

    lead_id: UUID
    account: ConversionPart = Field(description="Of the firm.")
    contact: ConversionPart
    opportunity: ConversionPart
    duplicates: list[ConversionDuplicate] = Field(
        description="Accounts and contacts in reach that may be the same, the likeliest first."
    )
    open_opportunities: list[ConversionOpportunity] = Field(
        description="Of the existing account, the newest twenty."
    )
    follows: list[ConvertedRows] = Field(description="What would follow the lead.")
    obstacle: str | None = Field(
        description="Code of the problem that the conversion would be refused with; null: none "
        "that shows before."
    )


class ConversionOutcome(BaseModel):
    """What became of one lead."""

    lead_id: UUID
    status: Literal["converted", "unchanged", "failed"] = Field(
        description="converted; unchanged: it was converted before; failed: see `problem`."
    )
    account_id: UUID | None = None
    contact_id: UUID | None = None
    opportunity_id: UUID | None = Field(default=None, description="Null: no deal was made.")
    problem: ProblemView | None = None


class ConversionReply(BaseModel):
    """What became of each lead, in the order sent."""

    items: list[ConversionOutcome]
