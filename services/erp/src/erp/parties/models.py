"""Customers and suppliers: what they are, and how they change."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Numeric,
    Sequence,
    Text,
    literal_column,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from chassis.storage.base import PartlyEdited
from chassis.storage.states import enum_check
from erp.base import Base
from erp.parties.states import PartyKind
from erp.searched import CUSTOMER, SUPPLIER
from records.entities import NamedRecord, Values
from values.address import Address
from values.matching import PHONE_TAIL, match_keys
from values.money import Money

__all__ = ["ACTIVE", "ARCHIVED", "SEARCH", "TAX_ID_KEY", "Customer", "Party", "Supplier"]

ACTIVE, ARCHIVED = "active", "archived"

CUSTOMER_NUMBERS = Sequence("customer_number_seq", metadata=Base.metadata)
SUPPLIER_NUMBERS = Sequence("supplier_number_seq", metadata=Base.metadata)

TAX_ID_KEY = "regexp_replace(tax_id, '[ ./-]', '', 'g')"
"""What tax ids are compared by; `Party.tax_id_key` says the same."""


class Party(NamedRecord):
    """Whom we do business with."""

    number: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str] = mapped_column(default=PartyKind.COMPANY, server_default="company")
    erased_at: Mapped[datetime | None]
    legal_name: Mapped[str] = mapped_column(default="")
    tax_id: Mapped[str] = mapped_column(default="")
    tax_id_shared: Mapped[bool] = mapped_column(default=False, server_default="false")
    email: Mapped[str] = mapped_column(default="")
    phone: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="")
    currency: Mapped[str]
    payment_terms_days: Mapped[int] = mapped_column(default=30)
    status: Mapped[str] = mapped_column(default=ACTIVE)
    search: Mapped[str] = mapped_column(default="", server_default=text("''"))
    """Of the release before; what is searched stands beside (`erp.searched`)."""
    anybody_erased = True
    """Not stored: whether a new one may be a person who was erased."""

    @property
    def tax_id_key(self) -> str:
        """The tax id without blanks, points, strokes and dashes; empty where none is claimed.

        No other active party of its kind may have it, except branches: `tax_id_shared` marks them.
        """
        return re.sub("[ ./-]", "", self.tax_id or "") if self.status == ACTIVE else ""


_EMPTY = (
    "name = '[erased]' and kind = 'person' and status = 'archived' and legal_name = ''"
    " and tax_id = '' and email = '' and phone = '' and website = ''"
)
"""What every erased person is."""


def _rules_of(table: str) -> tuple[SchemaItem, ...]:
    """Constraints and indexes that customers and suppliers have alike."""
    return (
        CheckConstraint("name <> ''", name="name_given"),
        CheckConstraint("status in ('active', 'archived')", name="status_known"),
        enum_check("kind", PartyKind),
        CheckConstraint(f"erased_at is null or ({_EMPTY})", name="erased_is_empty"),
        Index(f"ix_{table}_erased_at", "erased_at", postgresql_where=text("erased_at is not null")),
        CheckConstraint("payment_terms_days between 0 and 3650", name="payment_terms_days_range"),
        Index(f"ix_{table}_created_at", "created_at", "id"),
        Index(f"ix_{table}_status_created_at", "status", "created_at", "id"),
        Index(f"ix_{table}_updated_at", "updated_at", "id"),
        Index(f"ix_{table}_sort_key", "sort_key", "id"),
        Index(f"ix_{table}_tax_id", "tax_id", postgresql_where=text("tax_id <> ''")),
        Index(
            f"uq_{table}_tax_id_key",
            text(TAX_ID_KEY),
            unique=True,
            postgresql_where=text(
                f"status = 'active' and {TAX_ID_KEY} <> '' and not tax_id_shared"
            ),
        ),
        Index(
            f"ix_{table}_email",
            literal_column("lower(email)"),
            postgresql_where=text("email <> ''"),
        ),
    )


_COMPARED = frozenset({"name", "legal_name", "tax_id", "email", "phone", "bill_to", "ship_to"})


class Customer(PartlyEdited, Party, Base):
    """Whoever buys from us. What a linked CRM leads in is not edited here."""

    __tablename__ = "customer"
    __table_args__ = (
        *_rules_of("customer"),
        *(
            Index(f"ix_customer_{key}", key, "id", postgresql_where=text(f"{key} <> ''"))
            for key in ("match_tax_id", "match_email", "match_name", "match_legal_name")
        ),
        Index(
            "ix_customer_match_phone",
            literal_column(f"right(match_phone, {PHONE_TAIL})"),
            postgresql_where=text("match_phone <> ''"),
        ),
        CheckConstraint("credit_limit >= 0", name="credit_limit_not_negative"),
    )

    bill_to: Mapped[Address] = mapped_column(default=Address)
    ship_to: Mapped[Address] = mapped_column(default=Address)
    credit_limit_amount: Mapped[Decimal | None] = mapped_column("credit_limit", Numeric(20, 4))
    dunning_block: Mapped[bool] = mapped_column(default=False)
    price_list: Mapped[str | None] = mapped_column(ForeignKey("price_list.code"))
    match_tax_id: Mapped[str] = mapped_column(default="", server_default="")
    match_email: Mapped[str] = mapped_column(default="", server_default="")
    match_phone: Mapped[str] = mapped_column(default="", server_default="")
    match_name: Mapped[str] = mapped_column(default="", server_default="")
    match_legal_name: Mapped[str] = mapped_column(default="", server_default="")
    match_places: Mapped[list[str]] = mapped_column(
        ARRAY(Text), default=list, server_default=text("'{}'")
    )

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the facts that differ; what it is compared by follows them."""
        changed = super().apply(values)
        if _COMPARED.intersection(changed):
            self._compare_anew()
        return changed

    def _compare_anew(self) -> None:
        keys = match_keys(
            tax_id=self.tax_id or "",
            email=self.email or "",
            phone=self.phone or "",
            name=self.name,
            legal_name=self.legal_name or "",
            addresses=[one for one in (self.bill_to, self.ship_to) if one is not None],
        )
        self.match_tax_id, self.match_email, self.match_phone = keys.tax_id, keys.email, keys.phone
        self.match_name, self.match_legal_name = keys.name, keys.legal_name
        self.match_places = list(keys.places)

    @property
    def credit_limit(self) -> Money | None:
        """What the customer may owe us at most; None: no limit is set."""
        amount = self.credit_limit_amount
        return None if amount is None else Money(amount, self.currency)

    @credit_limit.setter
    def credit_limit(self, limit: Money | None) -> None:
        self.credit_limit_amount = None if limit is None else limit.amount


class Supplier(Party, Base):
    """Whoever sells to us."""

    __tablename__ = "supplier"
    __table_args__ = _rules_of("supplier")

    address: Mapped[Address] = mapped_column(default=Address)


SEARCH = [one.beside(Base.metadata) for one in (CUSTOMER, SUPPLIER)]
"""What they are found by, beside them."""
