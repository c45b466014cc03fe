"""What callers ask of parties, and what they see."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from chassis.http.etag import EtagVersion, Revision
from erp.parties.states import PartyKind
from records.custom.fields import CustomValues, CustomView
from records.filters import Statuses
from records.links import ExternalRef, LinkExternal
from records.tagged import Tagged
from values.address import Address, AddressChange, AddressPatch
from values.email import Email
from values.external import SourceVersion
from values.money import CurrencyCode, MoneyChange, MoneyView
from values.phone import PhoneText
from values.text import (
    Code,
    Command,
    Emptied,
    Language,
    Line,
    Name,
    OptionalLine,
    OptionalName,
    Status,
    TaxId,
    unset,
)

__all__ = [
    "ChangeCustomer",
    "ChangeSupplier",
    "CustomerCandidate",
    "CustomerMatchReply",
    "CustomerMatches",
    "CustomerView",
    "MatchCustomers",
    "NewCustomer",
    "NewSupplier",
    "PartyQuery",
    "Probe",
    "Reason",
    "SupplierView",
    "UpsertCustomer",
    "UpsertSupplier",
]

Days = Annotated[int, Field(strict=True, ge=0, le=3650)]

Known = Annotated[str, StringConstraints(max_length=1000)]
"""What somebody else knows, as it is written there."""

Reason = Literal["external_id", "tax_id", "email", "phone", "name_and_address"]


class PartyFields(CustomValues):
    """Fields of a customer or supplier. What is left out of a change stays as it is."""

    kind: PartyKind = Field(
        default_factory=unset, description="By default a company. Only persons are erased."
    )
    legal_name: OptionalName = Field(default_factory=unset, description="As in the trade register.")
    tax_id: Annotated[TaxId | None, Emptied] = Field(
        default_factory=unset, description="Tax registration number."
    )
    tax_id_shared: StrictBool = Field(
        default_factory=unset,
        description="True: a branch, which has the tax id of another one. The mark ends with a "
        "change of the tax id that does not give it anew.",
    )
    email: Annotated[Email | None, Emptied] = Field(default_factory=unset)
    phone: Annotated[PhoneText | None, Emptied] = Field(default_factory=unset)
    website: OptionalLine = Field(default_factory=unset)
    language: Annotated[Language | None, Emptied] = Field(
        default_factory=unset, description="Language of documents."
    )
    currency: CurrencyCode = Field(
        default_factory=unset, description="Currency of business; by default the installation's."
    )
    payment_terms_days: Days = Field(
        default_factory=unset, description="Days from invoice to payment; by default 30."
    )


_CREDIT_LIMIT = (
    "What the customer may owe at most; null: no limit is set. Orders count before tax until "
    "they are invoiced."
)


class CustomerTerms(Command):
    """What is agreed with a customer."""

    dunning_block: StrictBool = Field(
        default_factory=unset, description="True: no reminders are sent."
    )
    price_list: Code | None = Field(
        default=None,
        description="Code of the price list its orders take; where that has no price, the default "
        "list holds. Null: the default list.",
    )


class CustomerAddresses(Command):
    """Where a customer's invoices and goods go."""

    bill_to: Address = Field(default_factory=Address)
    ship_to: Address = Field(default_factory=Address)


class NewCustomer(PartyFields, CustomerTerms, CustomerAddresses):
    """Take on a customer."""

    name: Name
    credit_limit: MoneyView | None = Field(default=None, description=_CREDIT_LIMIT)


class ChangeCustomer(PartyFields, CustomerTerms):
    """Change a customer (JSON merge patch)."""

    name: Name = Field(default_factory=unset)
    credit_limit: MoneyChange | None = Field(default=None, description=_CREDIT_LIMIT)
    bill_to: AddressPatch = Field(default_factory=AddressChange)
    ship_to: AddressPatch = Field(default_factory=AddressChange)


class UpsertCustomer(PartyFields, CustomerTerms):
    """A customer as another system knows it; fields and parts left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    credit_limit: MoneyChange | None = Field(default=None, description=_CREDIT_LIMIT)
    bill_to: AddressPatch = Field(default_factory=AddressChange)
    ship_to: AddressPatch = Field(default_factory=AddressChange)
    status: Status = Field(default_factory=unset)


class NewSupplier(PartyFields):
    """Take on a supplier."""

    name: Name
    address: Address = Field(default_factory=Address)


class ChangeSupplier(PartyFields):
    """Change a supplier (JSON merge patch)."""

    name: Name = Field(default_factory=unset)
    address: AddressPatch = Field(default_factory=AddressChange)


class UpsertSupplier(PartyFields):
    """A supplier as another system knows it; fields and parts left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    address: AddressPatch = Field(default_factory=AddressChange)
    status: Status = Field(default_factory=unset)


class PartyView(CustomView):
    """A customer or supplier."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    number: str = Field(description="Our number of the party; never changes.")
    kind: PartyKind
    name: str
    legal_name: str
    tax_id: str
    tax_id_shared: bool = Field(description="True: a branch, which has the tax id of another one.")
    email: str
    phone: str
    website: str
    language: str
    currency: str
    payment_terms_days: int
    status: Status
    erased_at: datetime | None = Field(
        description="When the person was erased; such a record gets no personal data any more."
    )
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class CustomerView(PartyView):
    """A customer."""

    bill_to: Address
    ship_to: Address
    credit_limit: MoneyView | None
    dunning_block: bool
    price_list: str | None = Field(
        description="Code of its own price list; null: the default list holds."
    )


class SupplierView(PartyView):
    """A supplier."""

    address: Address


class PartyQuery(Tagged):
    """Which customers or suppliers are wanted."""

    q: Line | None = Field(
        default=None,
        description="Words of number, name, legal name, e-mail, phone, tax id; also pinyin.",
    )
    status: Statuses | None = None
    tax_id: TaxId | None = None
    email: Line | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class Probe(Command):
    """What is known of a firm elsewhere; each part may be empty."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=200)] = Field(
        description="The caller's own; the reply names it again."
    )
    name: Known = ""
    legal_name: Known = ""
    tax_id: Known = ""
    email: Known = ""
    phone: Known = ""
    address: Address = Field(default_factory=Address)
    delivery_address: Address = Field(default_factory=Address)
    external_refs: list[LinkExternal] = Field(
        default_factory=list, max_length=10, description="Its ids in other systems."
    )


class MatchCustomers(Command):
    """Ask for the customers that are, or may be, the same firms."""

    items: list[Probe] = Field(min_length=1, max_length=200)


class CustomerCandidate(BaseModel):
    """A customer that is, or may be, the same firm."""

    id: UUID
    version: int = Field(description="Counts what is edited here; the number in the ETag.")
    revision: int = Field(description="Counts all changes: the events' aggversion.")
    number: str
    name: str
    tax_id: str
    email: str
    phone: str
    addresses: list[Address] = Field(description="Those that say something.")
    external_refs: list[ExternalRef]
    status: Status
    reasons: list[Reason] = Field(
        description="What agrees: `external_id` and `tax_id` name one firm, the others may agree "
        "by chance. More may come."
    )


class CustomerMatches(BaseModel):
    """What was found for one probe."""

    key: str
    candidates: list[CustomerCandidate] = Field(
        description="At most 20, those for which most speaks first."
    )
    truncated: bool = Field(description="True: more were found than are shown.")


class CustomerMatchReply(BaseModel):
    """What was found, in the order asked."""

    items: list[CustomerMatches]
