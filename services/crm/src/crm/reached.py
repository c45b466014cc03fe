"""Who has an e-mail address and a phone number: accounts, contacts, leads."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.schema import SchemaItem

from records.entities import NamedRecord, Values
from values.email import email_key
from values.matching import PHONE_TAIL, MatchKeys, match_keys
from values.phone import Phone

__all__ = ["Reached", "reached_rules"]

_COMPARED = frozenset({"name", "tax_id", "email", "phone", "billing_address", "shipping_address"})


class Reached(NamedRecord):
    """Who has an address and a number."""

    email: Mapped[str] = mapped_column(default="")
    email_key: Mapped[str] = mapped_column(default="")
    phone_raw: Mapped[str] = mapped_column(default="")
    phone_e164: Mapped[str] = mapped_column(default="")
    phone_digits: Mapped[str] = mapped_column(default="")
    match_email: Mapped[str] = mapped_column(default="", server_default="")
    match_phone: Mapped[str] = mapped_column(default="", server_default="")
    erased_at: Mapped[datetime | None]

    def apply(self, values: Values) -> dict[str, Any]:
        """Take over the facts that differ; what is compared and searched follows them."""
        changed = super().apply(values)
        if "email" in changed:
            self.email_key = email_key(self.email)
        if _COMPARED.intersection(changed):
            self._compare_by(self.match_keys())
        return changed

    def _compare_by(self, keys: MatchKeys) -> None:
        self.match_email, self.match_phone = keys.email, keys.phone

    def match_keys(self) -> MatchKeys:
        """What it is compared by with records of other systems."""
        return match_keys(email=self.email or "", phone=self.phone.shown)

    @property
    def phone(self) -> Phone:
        """The phone number."""
        return Phone(self.phone_raw or "", self.phone_e164 or "", self.phone_digits or "")

    @phone.setter
    def phone(self, phone: Phone) -> None:
        self.phone_raw, self.phone_e164, self.phone_digits = phone.raw, phone.e164, phone.digits


def reached_rules(table: str) -> tuple[SchemaItem, ...]:
    """Constraints and indexes of all who have an address and a number."""
    return (
        CheckConstraint("name <> ''", name="name_given"),
        Index(f"ix_{table}_created_at", "created_at", "id"),
        Index(f"ix_{table}_status_created_at", "status", "created_at", "id"),
        Index(f"ix_{table}_updated_at", "updated_at", "id"),
        Index(f"ix_{table}_sort_key", "sort_key", "id"),
        Index(f"ix_{table}_email_key", "email_key", postgresql_where=text("email_key <> ''")),
        Index(
            f"ix_{table}_phone_tail",
            literal_column("right(phone_digits, 8)"),
            postgresql_where=text("phone_digits <> ''"),
        ),
        Index(
            f"ix_{table}_match_email",
            "match_email",
            "id",
            postgresql_where=text("match_email <> ''"),
        ),
        Index(
            f"ix_{table}_match_phone",
            literal_column(f"right(match_phone, {PHONE_TAIL})"),
            postgresql_where=text("match_phone <> ''"),
        ),
    )
