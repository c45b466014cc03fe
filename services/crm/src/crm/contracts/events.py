"""What is published of contracts and their templates: the state of one after a change."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from crm.contracts.schemas import ClauseView, ContractLanguage
from crm.contracts.states import ContractState, TemplateState
from records.custom.fields import CustomState
from values.text import Status

__all__ = ["ContractChanged", "ContractTemplateChanged"]


class ContractTemplateChanged(CustomState, Event):
    """A version of a contract template was drawn up, changed, published, archived or restored."""

    event_name = "contract-template-changed"
    topic = "contract-template"
    aggregate = "contract-template"

    code: str = Field(description="Names the template, with all its versions.")
    template_version: int = Field(description="Counts from 1.")
    name: str
    state: TemplateState
    language: ContractLanguage = Field(description="In which it is written.")
    clauses: list[ClauseView] = Field(description="The clauses, in order.")
    note: str = Field(description="What else is to be known.")
    published_at: datetime | None = Field(description="Null: it is a draft.")
    status: Status

    @classmethod
    def of(cls, record: object, changed: Sequence[str]) -> Self:
        """The event of a version as it is now."""
        return cls.model_validate(_state(cls, record) | {"changed": list(changed)})


class ContractChanged(CustomState, Event):
    """A contract was drawn up, changed, generated, sent, signed, renewed, ended or voided."""

    event_name = "contract-changed"
    topic = "contract"
    aggregate = "contract"

    number: str
    name: str
    state: ContractState
    template_id: UUID | None = Field(description="The version of a template that it is made from.")
    account_id: UUID | None = Field(description="With whom.")
    contact_id: UUID | None = Field(description="To whose attention it goes.")
    opportunity_id: UUID | None = Field(description="The deal that it is part of.")
    quote_id: UUID | None = Field(description="The accepted quote that it is about.")
    owner_id: UUID | None = Field(description="The user who looks after it.")
    team_id: UUID | None = Field(description="The team that looks after it.")
    starts_on: date | None = Field(description="The first day on which it holds.")
    ends_on: date | None = Field(description="The last day on which it holds; null: none.")
    renewal_on: date | None = Field(description="The day on which it is renewed; null: none.")
    notice_days: int | None = Field(description="So many days before it notice is to be given.")
    contract_version: int | None = Field(description="The version of its text; null: it has none.")
    text_hash: str = Field(description="SHA-256 of its text; empty: it has none.")
    sent_on: date | None = Field(description="Null: it was not sent.")
    signer: str = Field(description="Who signed for the customer; empty: it is not signed.")
    signed_on: date | None = Field(description="Null: it is not signed.")
    closed_on: date | None = Field(description="The day on which it ended, or was voided.")
    closing_reason: str = Field(description="Why it ended, or was voided.")
    note: str = Field(description="What else is to be known.")
    status: Status

    @classmethod
    def of(cls, record: object, changed: Sequence[str]) -> Self:
        """The event of a contract as it is now."""
        return cls.model_validate(_state(cls, record) | {"changed": list(changed)})


def _state(event: type[Event], record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in event.model_fields if name != "changed"}
