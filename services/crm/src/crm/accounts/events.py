"""Events of accounts and of contacts: the state of one after a change."""

from collections.abc import Sequence
from typing import Literal, Self
from uuid import UUID

from pydantic import Field

from chassis.events.event import Event
from crm.accounts.states import AccountKind, Stage
from crm.consents import Consent
from crm.terms import ErpTerms
from records.custom.fields import CustomState
from values.address import Address

__all__ = ["AccountChanged", "ContactChanged"]


class ReachableChanged(CustomState, Event):
    """What the events of accounts and contacts have alike."""

    name: str
    email: str
    phone: str = Field(
        description="In E.164; as it was typed where it is not valid or has an extension."
    )
    status: Literal["active", "archived"]
    merged_into: UUID | None = Field(
        default=None,
        description="The record that it is now: it was merged, and has no other event unless that "
        "is undone.",
    )

    @classmethod
    def of(cls, record: object, changed: Sequence[str]) -> Self:
        """The event of an account or contact as it is now."""
        state = {name: getattr(record, name) for name in cls.model_fields.keys() - {"changed"}}
        return cls.model_validate(state | {"phone": state["phone"].shown, "changed": changed})


class AccountChanged(ReachableChanged):
    """An account was created, changed, archived or restored."""

    event_name = "account-changed"
    topic = "account"
    aggregate = "account"

    kind: AccountKind
    stage: Stage = Field(description="How far the account is on its way to a customer.")
    tax_id: str
    website: str
    industry: str
    segment: str
    owner_id: UUID | None = Field(description="The user who looks after it.")
    language: str
    currency: str
    billing_address: Address
    shipping_address: Address
    price_list: str | None = Field(
        default=None, description="Its own price list; null: the default list holds."
    )
    erp: ErpTerms | None = Field(description="The ERP's terms as they are known here.")


class ContactChanged(ReachableChanged):
    """A contact was created, changed, archived or restored, or is no longer the primary one."""

    event_name = "contact-changed"
    topic = "contact"
    aggregate = "contact"

    account_id: UUID = Field(description="The account where the person is.")
    title: str
    consent: Consent
    primary: bool
