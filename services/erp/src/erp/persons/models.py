"""What the law of bookkeeping asks to keep of an erased person."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from erp.base import Base
from values.address import Address

__all__ = ["RetainedParty"]


class RetainedParty(Base):
    """Whom the posted documents of an erased party were made out to, until a day."""

    __tablename__ = "retained_party"
    __table_args__ = (
        CheckConstraint("record_type in ('customer', 'supplier')", name="record_type_known"),
        Index("ix_retained_party_retained_until", "retained_until"),
    )

    record_type: Mapped[str] = mapped_column(primary_key=True)
    record_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str]
    legal_name: Mapped[str]
    tax_id: Mapped[str]
    address: Mapped[Address]
    retained_until: Mapped[date]
