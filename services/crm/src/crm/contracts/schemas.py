"""Contracts and their templates: commands, views and queries."""

from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from chassis.http.etag import EtagVersion, Revision
from crm.contracts.states import ClauseTest, ContractState, TemplateState
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.external import SourceVersion
from values.text import Code, Command, Line, Name, OptionalNote, Status, unset

__all__ = [
    "ChangeContract",
    "ChangeContractTemplate",
    "Clause",
    "ClauseCondition",
    "ClauseConditionView",
    "ClauseView",
    "ContractLanguage",
    "ContractQuery",
    "ContractTemplateQuery",
    "ContractTemplateView",
    "ContractTextView",
    "ContractView",
    "EndContract",
    "NewContract",
    "NewContractTemplate",
    "RenewContract",
    "SignContract",
    "UpsertContract",
    "UpsertContractTemplate",
    "VoidContract",
]

ContractLanguage: TypeAlias = Literal["zh-CN", "en"]
"""The language in which a contract is written."""

Body = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=10_000, pattern=r"^[^\x00]*$"
    ),
]
NoticeDays = Annotated[int, Field(strict=True, ge=0, le=3650)]
_LANGUAGE = "In which it is written: its words, and how days and amounts are printed."
_CLAUSES = "The clauses, in order. Variables stand in double braces: `{{ account.name }}`."
_WHEN = "The contract has it only where the variable meets the test; null: it always has it."
_VARIABLE = "A variable by its name, without braces, such as `quote.total`."
_TEST = (
    "`present` and `absent` ask whether it prints anything, `equals` whether just the value, "
    "`at_least` whether its number is the value or more (amounts and days of notice). "
    "Amounts are compared as they stand, in whatever currency the quote is."
)
_VALUE = "What `equals` and `at_least` compare with, such as `100000`; else empty."
_STARTS = "The first day on which it holds."
_ENDS = "The last day on which it holds; null: it holds until it is ended."
_RENEWAL = "The day on which it is renewed unless notice is given; it makes a task. Null: none."
_NOTICE = "So many days before the renewal notice is to be given; null: none is."
_TEMPLATE = "The published version of a template that it is generated from."


class ClauseCondition(Command):
    """When a clause is part of a contract."""

    variable: Line = Field(description=_VARIABLE)
    test: ClauseTest = Field(description=_TEST)
    value: Line = Field(default="", description=_VALUE)


class ClauseConditionView(BaseModel):
    """When a clause is part of a contract."""

    model_config = ConfigDict(from_attributes=True)

    variable: str = Field(description=_VARIABLE)
    test: ClauseTest = Field(description=_TEST)
    value: str = Field(description=_VALUE)


class Clause(Command):
    """A clause with variables, such as `{{ account.name }}`."""

    heading: Line = Field(default="", description="What it is about; empty: it has no heading.")
    body: Body = Field(description="What is agreed.")
    when: ClauseCondition | None = Field(default=None, description=_WHEN)


class ClauseView(BaseModel):
    """A clause of a template."""

    model_config = ConfigDict(from_attributes=True)

    heading: str = Field(description="What it is about.")
    body: str = Field(description="What is agreed.")
    when: ClauseConditionView | None = Field(default=None, description=_WHEN)


Clauses = Annotated[list[Clause], Field(max_length=100)]


class ContractTemplateFields(CustomValues):
    """Fields of a contract template. What is left out of a change stays as it is."""

    language: ContractLanguage = Field(
        default_factory=unset, description=f"{_LANGUAGE} By default `zh-CN`."
    )
    clauses: Clauses = Field(default_factory=unset, description=_CLAUSES)
    note: OptionalNote = Field(
        default_factory=unset, description="What else is to be known; no contract shows it."
    )


class NewContractTemplate(ContractTemplateFields):
    """Draw up a contract template: version 1, a draft."""

    code: Code = Field(description="Names the template, with all its versions.")
    name: Name


class ChangeContractTemplate(ContractTemplateFields):
    """Change a draft (JSON merge patch); of a published version only the note.

    Clauses are replaced whole where they are given.
    """

    name: Name = Field(default_factory=unset)


class UpsertContractTemplate(ContractTemplateFields):
    """A contract template as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    code: Code = Field(
        default_factory=unset, description="Needed when it is new here; it stays as it is."
    )
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class ContractTemplateView(CustomView):
    """A version of a contract template."""

    id: UUID
    code: str = Field(description="Names the template, with all its versions.")
    template_version: int = Field(description="Counts from 1; a change after publishing makes one.")
    name: str
    state: TemplateState
    language: ContractLanguage = Field(description=_LANGUAGE)
    clauses: list[ClauseView] = Field(description=_CLAUSES)
    note: str = Field(description="What else is to be known; no contract shows it.")
    published_at: datetime | None = Field(description="Null: it is a draft.")
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class ContractTemplateQuery(Tagged):
    """Which versions of contract templates are wanted."""

    status: Statuses | None = None
    state: Annotated[str, AnyOf(TemplateState)] | None = None
    code: str | None = Field(default=None, max_length=64)
    language: ContractLanguage | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class ContractFields(CustomValues):
    """Fields of a contract. What is left out of a change stays as it is."""

    template_id: UUID | None = Field(default=None, description=_TEMPLATE)
    account_id: UUID | None = Field(
        default=None, description="With whom; of a new one by default the quote's, or the deal's."
    )
    contact_id: UUID | None = Field(
        default=None, description="To whose attention it goes; by default the quote's."
    )
    opportunity_id: UUID | None = Field(
        default=None, description="The deal that it is part of; by default the quote's."
    )
    quote_id: UUID | None = Field(default=None, description="The accepted quote that it is about.")
    owner_id: UUID | None = Field(
        default=None, description="The user who looks after it; by default the quote's or deal's."
    )
    team_id: UUID | None = Field(
        default=None, description="The team that looks after it; by default the quote's or deal's."
    )
    starts_on: Day | None = Field(default=None, description=_STARTS)
    ends_on: Day | None = Field(default=None, description=_ENDS)
    renewal_on: Day | None = Field(default=None, description=_RENEWAL)
    notice_days: NoticeDays | None = Field(default=None, description=_NOTICE)
    note: OptionalNote = Field(
        default_factory=unset, description="What else is to be known; the customer does not see it."
    )


class NewContract(ContractFields):
    """Draw up a contract: a draft without a text."""

    name: Name = Field(description="What it is about, in one line.")


class ChangeContract(ContractFields):
    """Change a draft (JSON merge patch); of what was sent only owner, team and note."""

    name: Name = Field(default_factory=unset, description="What it is about, in one line.")


class UpsertContract(ContractFields):
    """A contract as another system knows it: a draft; fields left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class SignContract(Command):
    """What the customer signed, as a user enters it."""

    signer: Name = Field(description="Who signed for the customer.")
    signed_on: Day = Field(default_factory=unset, description="By default today; never later.")


class EndContract(Command):
    """Say that a signed contract holds no more."""

    ended_on: Day = Field(
        default_factory=unset, description="Its last day: by default today; never later."
    )
    reason: OptionalNote = Field(default="", description="Why it ended.")


class VoidContract(Command):
    """Say that a contract will not be signed."""

    reason: OptionalNote = Field(default="", description="Why.")


class RenewContract(Command):
    """Say that a signed contract goes on; the next renewal makes the next task."""

    renewal_on: Day | None = Field(
        description="The next renewal, after the one before. Null: none."
    )
    ends_on: Day | None = Field(default_factory=unset, description=f"{_ENDS} Left out: it stays.")


class ContractView(CustomView):
    """A contract. Its text has a route of its own."""

    id: UUID
    number: str
    name: str
    state: ContractState
    template_id: UUID | None = Field(description=_TEMPLATE)
    account_id: UUID | None
    contact_id: UUID | None
    opportunity_id: UUID | None = Field(description="The deal that it is part of; null: none.")
    quote_id: UUID | None = Field(description="The accepted quote that it is about; null: none.")
    owner_id: UUID | None
    team_id: UUID | None
    starts_on: date | None = Field(description=_STARTS)
    ends_on: date | None = Field(description=_ENDS)
    renewal_on: date | None = Field(description=_RENEWAL)
    notice_days: int | None = Field(description=_NOTICE)
    contract_version: int | None = Field(
        description="The version of its text, counted from 1; null: none was generated."
    )
    text_hash: str = Field(description="SHA-256 of its text; empty: none was generated.")
    sent_on: date | None = Field(description="Null: it was not sent.")
    signer: str = Field(description="Who signed for the customer; empty: it is not signed.")
    signed_on: date | None = Field(description="Null: it is not signed.")
    closed_on: date | None = Field(description="The day on which it ended, or was voided.")
    closing_reason: str = Field(description="Why it ended, or was voided.")
    note: str = Field(description="What else is to be known; the customer does not see it.")
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class ContractTextView(BaseModel):
    """A text that was generated of a contract, and what it was generated from."""

    contract_id: UUID = Field(description="The contract whose text it is.")
    contract_version: int = Field(description="Counts from 1.")
    template_id: UUID = Field(description="The version of the template that it was made from.")
    language: ContractLanguage = Field(description=_LANGUAGE)
    snapshot: dict[str, str] = Field(
        description="What its variables stand for in it, by name, as it was printed."
    )
    snapshot_hash: str = Field(description="SHA-256 of the snapshot.")
    text: str = Field(description="The contract as its parties read it.")
    text_hash: str = Field(description="SHA-256 of the text.")
    generated_at: datetime = Field(description="When it was generated.")
    generated_by: str = Field(description="Who generated it: `user:…` or `key:…`.")


class ContractQuery(Tagged):
    """Which contracts are wanted."""

    status: Statuses | None = None
    state: Annotated[str, AnyOf(ContractState)] | None = None
    number: str | None = Field(default=None, max_length=40)
    template_id: UUID | None = None
    account_id: UUID | None = None
    contact_id: UUID | None = None
    opportunity_id: UUID | None = None
    quote_id: UUID | None = None
    owner_id: UUID | None = None
    team_id: UUID | None = None
    renewal_on_gte: Day | None = Field(default=None, description="The first day.")
    renewal_on_lte: Day | None = Field(default=None, description="The last day.")
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
