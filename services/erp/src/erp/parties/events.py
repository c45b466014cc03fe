"""What parties tell: the state of a customer, for everyone; of a supplier, inside the ERP."""

from typing import Any, Literal, Self

from pydantic import Field

from chassis.events.event import Event
from erp.parties.states import PartyKind
from records.custom.fields import CustomState
from records.types import Change, changed_fields
from values.address import Address
from values.money import MoneyView

__all__ = ["CustomerChanged", "SupplierChanged"]


class PartyState(CustomState, Event):
    """What customers and suppliers have in common."""

    number: str = Field(description="Our number of the party; never changes.")
    kind: PartyKind = Field(default=PartyKind.COMPANY, description="A firm, or a person.")
    name: str
    legal_name: str
    tax_id: str
    tax_id_shared: bool = Field(
        default=False, description="True: a branch, which has the tax id of another one."
    )
    email: str
    phone: str
    website: str
    language: str
    currency: str
    payment_terms_days: int
    status: Literal["active", "archived"]

    @classmethod
    def of(cls, party: object, changed: list[str]) -> Self:
        """The event of a customer or supplier as it is now."""
        state = {name: getattr(party, name) for name in cls.model_fields if name != "changed"}
        return cls.model_validate(state | {"changed": changed})

    @classmethod
    def after(cls, change: Change[Any]) -> Self:
        """The event of a change."""
        return cls.of(change.record, changed_fields(cls, change))


class CustomerChanged(PartyState):
    """A customer was created, changed, archived or restored."""

    event_name = "customer-changed"
    topic = "customer"
    aggregate = "customer"

    bill_to: Address
    ship_to: Address
    credit_limit: MoneyView | None = Field(description="Null: no limit is set.")
    dunning_block: bool
    price_list: str | None = Field(
        default=None, description="Code of its own price list; null: the default list holds."
    )


class SupplierChanged(PartyState):
    """A supplier was created, changed, archived or restored; stays inside the ERP."""

    event_name = "supplier-changed"
    topic = "supplier"
    aggregate = "supplier"
    public = False

    address: Address
