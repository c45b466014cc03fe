"""What accounts tell: the state of an account with the people we know there."""

from collections.abc import Iterable
from typing import Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from chassis.events.event import Event
from crm.accounts.states import AccountKind, Stage
from crm.consents import Consent
from crm.terms import ErpTerms
from values.address import Address

__all__ = ["AccountChanged", "ContactState"]


class ContactState(BaseModel):
    """A person at the account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: UUID
    name: str
    title: str
    email: str
    phone: str
    consent: Consent
    primary: bool


class AccountChanged(Event):
    """An account or one of its contacts was created, changed, archived or restored."""

    event_name = "account-changed"
    topic = "account"
    aggregate = "account"

    name: str
    kind: AccountKind
    stage: Stage
    tax_id: str
    email: str
    phone: str = Field(
        description="In E.164; as it was typed where it is not valid or has an extension."
    )
    website: str
    industry: str
    segment: str
    owner_id: UUID | None = Field(description="The user who looks after it.")
    language: str
    currency: str
    billing_address: Address
    shipping_address: Address
    status: Literal["active", "archived"]
    price_list: str | None = Field(
        default=None, description="Its own price list; null: the default list holds."
    )
    erp: ErpTerms | None = Field(description="The ERP's terms as they are known here.")
    contacts: list[ContactState] = Field(description="Active contacts, the primary one first.")

    @classmethod
    def every_field(cls) -> list[str]:
        """Names of all fields of the state: what a new account changes."""
        return sorted(cls.model_fields.keys() - {"id", "version", "changed", "contacts"})

    @classmethod
    def of(cls, account: object, contacts: Iterable[object], changed: list[str]) -> Self:
        """The event of an account as it is now, with its active contacts."""
        known = [ContactState.model_validate(_state(ContactState, one)) for one in contacts]
        others = {"changed": changed, "contacts": known}
        return cls.model_validate(_state(cls, account, without=others.keys()) | others)


def _state(kind: type[BaseModel], record: object, without: Iterable[str] = ()) -> dict[str, object]:
    state = {name: getattr(record, name) for name in kind.model_fields.keys() - set(without)}
    return state | {"phone": state["phone"].shown}
