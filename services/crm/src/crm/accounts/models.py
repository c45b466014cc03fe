"""Accounts and contacts: what they are, and how they change."""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from chassis.storage.base import Amount, PartlyEdited
from chassis.storage.states import enum_check
from crm.accounts.states import AccountKind, Stage
from crm.base import Base
from crm.consents import Consent, ConsentState
from crm.reached import Reached, reached_rules
from crm.searched import ACCOUNT, CONTACT
from crm.terms import ErpTerms
from values.address import Address
from values.matching import MatchKeys, match_keys
from values.money import MoneyView

__all__ = [
    "ACTIVE",
    "ARCHIVED",
    "SEARCH",
    "Account",
    "AccountDebt",
    "Contact",
]

ACTIVE, ARCHIVED = "active", "archived"

_EMPTY = (
    "name = '[erased]' and email = '' and phone_raw = '' and phone_e164 = ''"
    " and status = 'archived'"
)
"""What every erased person is."""


class Reachable(Reached):
    """Whom we can write to and call; `merged_into` is set on one that is about to go."""

    merged_into: ClassVar[UUID | None] = None

    status: Mapped[str] = mapped_column(default=ACTIVE)
    search: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Of the release before; what is searched stands beside (`crm.searched`)."""


def _rules_of(table: str) -> tuple[SchemaItem, ...]:
    """Constraints and indexes that accounts and contacts have alike."""
    known = CheckConstraint("status in ('active', 'archived')", name="status_known")
    return (*reached_rules(table), known)


class Account(PartlyEdited, Reachable, Base):
    """A company or person we sell to. What a linked ERP leads in is not edited here."""

    __tablename__ = "account"
    __table_args__ = (
        *_rules_of("account"),
        enum_check("kind", AccountKind),
        CheckConstraint(
            f"erased_at is null or ({_EMPTY} and kind = 'person' and tax_id = '' and website = '')",
            name="erased_is_empty",
        ),
        enum_check("stage", Stage),
        CheckConstraint("price_list <> ''", name="price_list_given"),
        CheckConstraint("erp_credit_limit >= 0", name="erp_credit_limit_not_negative"),
        CheckConstraint(
            "erp_payment_terms_days between 0 and 3650", name="erp_payment_terms_days_range"
        ),
        Index("ix_account_stage_created_at", "stage", "created_at", "id"),
        Index("ix_account_owner_id_created_at", "owner_id", "created_at", "id"),
        Index("ix_account_tax_id", "tax_id", postgresql_where=text("tax_id <> ''")),
        *(
            Index(f"ix_account_{key}", key, "id", postgresql_where=text(f"{key} <> ''"))
            for key in ("match_tax_id", "match_name")
        ),
    )

    kind: Mapped[str] = mapped_column(default=AccountKind.COMPANY)
    stage: Mapped[str] = mapped_column(default=Stage.CUSTOMER)
    tax_id: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(default="")
    industry: Mapped[str] = mapped_column(default="")
    segment: Mapped[str] = mapped_column(default="")
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("staff_member.id"))
    language: Mapped[str] = mapped_column(default="")
    currency: Mapped[str]
    price_list: Mapped[str | None]
    billing_address: Mapped[Address] = mapped_column(default=Address)
    shipping_address: Mapped[Address] = mapped_column(default=Address)
    erp_customer_number: Mapped[str | None]
    erp_credit_limit: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
    erp_payment_terms_days: Mapped[int | None]
    erp_dunning_block: Mapped[bool] = mapped_column(default=False)
    match_tax_id: Mapped[str] = mapped_column(default="", server_default="")
    match_name: Mapped[str] = mapped_column(default="", server_default="")
    match_places: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )
    erp_archived: Mapped[bool] = mapped_column(default=False, server_default=text("false"))

    def _compare_by(self, keys: MatchKeys) -> None:
        super()._compare_by(keys)
        self.match_tax_id, self.match_name = keys.tax_id, keys.name
        self.match_places = list(keys.places)

    def match_keys(self) -> MatchKeys:
        """What it is compared by with records of other systems."""
        addresses = [
            one for one in (self.billing_address, self.shipping_address) if one is not None
        ]
        return match_keys(
            tax_id=self.tax_id or "",
            email=self.email or "",
            phone=self.phone.shown,
            name=self.name,
            addresses=addresses,
        )

    @property
    def erp(self) -> ErpTerms | None:
        """The ERP's terms with the customer; None where no ERP told any."""
        if self.erp_customer_number is None:
            return None
        limit = self.erp_credit_limit
        return ErpTerms(
            customer_number=self.erp_customer_number,
            credit_limit=None if limit is None else MoneyView(amount=limit, currency=self.currency),
            payment_terms_days=self.erp_payment_terms_days,
            dunning_block=self.erp_dunning_block,
            archived=self.erp_archived,
        )

    @erp.setter
    def erp(self, terms: ErpTerms) -> None:
        limit = terms.credit_limit
        self.erp_customer_number = terms.customer_number
        self.erp_credit_limit = limit.amount if limit else None
        self.erp_payment_terms_days = terms.payment_terms_days
        self.erp_dunning_block = terms.dunning_block
        self.erp_archived = terms.archived


class Contact(Reachable, Base):
    """A person at an account."""

    __tablename__ = "contact"
    __table_args__ = (
        *_rules_of("contact"),
        CheckConstraint(
            f"erased_at is null or ({_EMPTY} and title = '' and not is_primary)",
            name="erased_is_empty",
        ),
        enum_check("consent_email", ConsentState),
        enum_check("consent_phone", ConsentState),
        Index("ix_contact_account_id_created_at", "account_id", "created_at", "id"),
        Index(
            "uq_contact_primary",
            "account_id",
            unique=True,
            postgresql_where=text("is_primary and status = 'active'"),
        ),
    )

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    title: Mapped[str] = mapped_column(default="")
    consent_email: Mapped[str] = mapped_column(default=ConsentState.UNKNOWN)
    consent_phone: Mapped[str] = mapped_column(default=ConsentState.UNKNOWN)
    primary: Mapped[bool] = mapped_column("is_primary", default=False)

    @property
    def consent(self) -> Consent:
        """What the person allows us."""
        states = {"email": self.consent_email, "phone": self.consent_phone}
        return Consent.model_validate({name: state for name, state in states.items() if state})

    @consent.setter
    def consent(self, consent: Consent) -> None:
        self.consent_email, self.consent_phone = consent.email, consent.phone


class AccountDebt(Base):
    """What the ERP says the customer owes, and when it said so."""

    __tablename__ = "account_debt"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    owes: Mapped[Amount]
    told_at: Mapped[datetime]


SEARCH = [one.beside(Base.metadata) for one in (ACCOUNT, CONTACT)]
"""What they are found by, beside them."""
