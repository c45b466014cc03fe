"""What callers ask of accounts and contacts, and what they see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)

from chassis.http.etag import EtagVersion, Revision
from crm.accounts.states import AccountKind, Stage
from crm.consents import Consent, ConsentChange, ConsentPatch
from crm.terms import ErpTerms, ErpTermsChange
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, Statuses
from records.links import ExternalRef, LinkExternal
from records.tagged import Tagged
from values.address import Address, AddressChange, AddressPatch
from values.amounts import InCurrency
from values.decimals import SignedAmount
from values.email import Email
from values.external import ExternalId, SourceVersion
from values.money import CurrencyCode
from values.phone import PhoneText
from values.text import (
    Code,
    Command,
    Emptied,
    Language,
    Line,
    Name,
    OptionalLine,
    Status,
    TaxId,
    unset,
)

__all__ = [
    "AccountCandidate",
    "AccountMatchReply",
    "AccountMatches",
    "AccountQuery",
    "AccountView",
    "AddContact",
    "Buyer",
    "ChangeAccount",
    "ChangeContact",
    "ContactQuery",
    "ContactView",
    "Debt",
    "MatchAccounts",
    "NewAccount",
    "Probe",
    "Reason",
    "UpsertAccount",
    "UpsertContact",
]

Known = Annotated[str, StringConstraints(max_length=1000)]
"""What somebody else knows, as it is written there."""

Reason = Literal["external_id", "tax_id", "email", "phone", "name_and_address"]

_PHONE = "As people write it; shown in E.164 where it is valid."


class AccountFields(CustomValues):
    """Fields of an account. What is left out of a change stays as it is."""

    kind: AccountKind = Field(default_factory=unset, description="By default a company.")
    stage: Stage = Field(
        default_factory=unset, description="By default a customer; a prospect has not bought."
    )
    tax_id: Annotated[TaxId | None, Emptied] = Field(
        default_factory=unset, description="Tax registration number."
    )
    email: Annotated[Email | None, Emptied] = Field(default_factory=unset)
    phone: Annotated[PhoneText | None, Emptied] = Field(default_factory=unset, description=_PHONE)
    website: OptionalLine = Field(default_factory=unset)
    industry: OptionalLine = Field(default_factory=unset)
    segment: OptionalLine = Field(default_factory=unset)
    owner_id: UUID | None = Field(default=None, description="The user who looks after it.")
    language: Annotated[Language | None, Emptied] = Field(
        default_factory=unset, description="Language to write in."
    )
    currency: CurrencyCode = Field(
        default_factory=unset, description="Currency of business; by default the installation's."
    )
    price_list: Code | None = Field(
        default=None,
        description="The price list its orders take; where that has no price, the default list "
        "holds. Null: the default list.",
    )


class NewAccount(AccountFields):
    """Take on an account."""

    name: Name
    billing_address: Address = Field(default_factory=Address)
    shipping_address: Address = Field(default_factory=Address)


class ChangeAccount(AccountFields):
    """Change an account (JSON merge patch)."""

    name: Name = Field(default_factory=unset)
    billing_address: AddressPatch = Field(default_factory=AddressChange)
    shipping_address: AddressPatch = Field(default_factory=AddressChange)


class UpsertAccount(AccountFields):
    """An account as another system knows it; fields and parts left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    billing_address: AddressPatch = Field(default_factory=AddressChange)
    shipping_address: AddressPatch = Field(default_factory=AddressChange)
    status: Status = Field(default_factory=unset)
    erp: ErpTermsChange = Field(
        default_factory=unset,
        description="Terms of business; taken from the system `erp` only.",
    )


class ContactFields(CustomValues):
    """Fields of a contact. What is left out of a change stays as it is."""

    title: OptionalLine = Field(default_factory=unset, description="Position, such as buyer.")
    email: Annotated[Email | None, Emptied] = Field(default_factory=unset)
    phone: Annotated[PhoneText | None, Emptied] = Field(default_factory=unset, description=_PHONE)
    primary: StrictBool = Field(
        default_factory=unset, description="True: the one to turn to; another one steps back."
    )


class AddContact(ContactFields):
    """Note a person at an account."""

    account_id: UUID
    name: Name
    consent: Consent = Field(default_factory=Consent)


class ChangeContact(ContactFields):
    """Change a contact (JSON merge patch)."""

    name: Name = Field(default_factory=unset)
    consent: ConsentPatch = Field(default_factory=ConsentChange)


class UpsertContact(ContactFields):
    """A contact as another system knows it; fields and parts left out stay as they are here."""

    source_version: SourceVersion
    account_id: UUID | None = Field(default=None, description="Our id of the account.")
    account_external_id: ExternalId | None = Field(
        default=None, description="The account's id in the sending system, instead of ours."
    )
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    consent: ConsentPatch = Field(default_factory=ConsentChange)
    status: Status = Field(default_factory=unset)


class ReachableView(CustomView):
    """What accounts and contacts show alike."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    email: str
    phone: str = Field(
        description="In E.164; as it was typed where it is not valid or has an extension."
    )
    phone_raw: str = Field(description="As it was typed.")
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime
    erased_at: datetime | None = Field(
        description="When the person was erased; such a record gets no personal data any more."
    )


class Debt(InCurrency):
    """What a linked ERP says the customer owes."""

    model_config = ConfigDict(frozen=True)

    amount: SignedAmount = Field(description="Below zero: the customer paid more than was due.")
    currency: str
    told_at: datetime = Field(description="When the ERP said so.")


@dataclass(frozen=True)
class Buyer:
    """What an order needs to know of its account: where goods go, and the debt, if it is known."""

    shipping_address: Address
    owes: str | None
    archived: bool
    prospect: bool
    in_erp: bool


class AccountView(ReachableView):
    """An account."""

    kind: AccountKind
    stage: Stage
    tax_id: str
    website: str
    industry: str
    segment: str
    owner_id: UUID | None
    language: str
    currency: str
    billing_address: Address
    shipping_address: Address
    price_list: str | None = Field(description="Its own list; null: the default list holds.")
    erp: ErpTerms | None = Field(description="Null: no ERP told any terms.")
    owes: Debt | None = Field(description="Null: no ERP told what is owed.")


class ContactView(ReachableView):
    """A contact."""

    account_id: UUID
    title: str
    consent: Consent
    primary: bool


class ReachableQuery(Tagged):
    """Filters that accounts and contacts have alike."""

    status: Statuses | None = None
    email: Line | None = Field(default=None, description="In any spelling of the address.")
    phone: PhoneText | None = Field(
        default=None, description="In any spelling; or the last digits of it."
    )
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class AccountQuery(ReachableQuery):
    """Which accounts are wanted."""

    q: Line | None = Field(
        default=None,
        description="Words of name, e-mail, phone, tax id or ERP customer number; also pinyin.",
    )
    stage: Annotated[str, AnyOf(Stage)] | None = None
    owner_id: UUID | None = None
    tax_id: TaxId | None = None


class ContactQuery(ReachableQuery):
    """Which contacts are wanted."""

    q: Line | None = Field(
        default=None, description="Words of name, title, e-mail or phone; also pinyin."
    )
    account_id: UUID | None = None
    owner_id: UUID | None = Field(default=None, description="The owner of the account.")


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


class MatchAccounts(Command):
    """Ask for the accounts that are, or may be, the same firms."""

    items: list[Probe] = Field(min_length=1, max_length=200)


class AccountCandidate(BaseModel):
    """An account that is, or may be, the same firm."""

    id: UUID
    version: int = Field(description="Counts what is edited here; the number in the ETag.")
    revision: int = Field(description="Counts all changes: the events' aggversion.")
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


class AccountMatches(BaseModel):
    """What was found for one probe."""

    key: str
    candidates: list[AccountCandidate] = Field(
        description="At most 20, those for which most speaks first."
    )
    truncated: bool = Field(description="True: more were found than are shown.")


class AccountMatchReply(BaseModel):
    """What was found, in the order asked."""

    items: list[AccountMatches]
