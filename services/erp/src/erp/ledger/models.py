"""Accounts, fiscal years, periods and entries: what they are, and what they refuse."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.dialects.postgresql import ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column

from chassis.storage.base import Amount, Identified
from chassis.storage.folding import search_index
from chassis.storage.states import enum_check
from erp.base import Base
from erp.ledger.errors import PeriodLocked
from erp.ledger.states import PERIOD_FOLLOWING, AccountKind, AccountRole, PeriodState
from erp.searched import JOURNAL_NUMBER, memo_text
from records.entities import CustomRecord, Record, list_indexes

__all__ = [
    "Account",
    "FiscalYear",
    "JournalEntry",
    "JournalLine",
    "JournalNumber",
    "JournalSeries",
    "Period",
]

_DAYS = text("daterange(starts_on, ends_on, '[]')")


class Account(CustomRecord, Base):
    """A place in the books; `role` names the one that the ERP posts to by itself."""

    __tablename__ = "account"
    __table_args__ = (
        CheckConstraint("code ~ '^[0-9A-Za-z.-]{1,32}$'", name="code_form"),
        enum_check("kind", AccountKind),
        enum_check("role", AccountRole),
        Unique("code", deferrable=True),
        *list_indexes("account", named=False),
    )

    code: Mapped[str]
    name: Mapped[str]
    name_zh: Mapped[str]
    kind: Mapped[str]
    role: Mapped[str | None] = mapped_column(unique=True)
    active: Mapped[bool] = mapped_column(default=True)


class FiscalYear(Identified, Base):
    """A year of the books; its periods are its months."""

    __tablename__ = "fiscal_year"
    __table_args__ = (
        CheckConstraint("starts_on < ends_on", name="starts_first"),
        ExcludeConstraint((_DAYS, "&&"), name="ex_fiscal_year_no_overlap", using="gist"),
    )

    name: Mapped[str] = mapped_column(unique=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class Period(Record, Base):
    """Some days of a fiscal year, open for entries, closed, or locked for good."""

    __tablename__ = "period"
    __table_args__ = (
        Unique("fiscal_year_id", "number"),
        CheckConstraint("starts_on <= ends_on", name="starts_first"),
        enum_check("state", PeriodState, PERIOD_FOLLOWING),
        ExcludeConstraint((_DAYS, "&&"), name="ex_period_no_overlap", using="gist"),
    )

    fiscal_year_id: Mapped[UUID] = mapped_column(ForeignKey("fiscal_year.id"))
    number: Mapped[int] = mapped_column(SmallInteger)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    state: Mapped[str]

    def set_state(self, state: PeriodState, at: datetime) -> bool:
        """Open, close or lock the period; False when it is so already. Raises PeriodLocked."""
        if self.state == state:
            return False
        if self.state == PeriodState.LOCKED:
            raise PeriodLocked(period=self.id)
        self.state = state
        self.touch(at)
        return True


class JournalEntry(Identified, Base):
    """A posting: what happened, in money. Written once, never changed."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        Index("ix_journal_entry_source_id", "source_id"),
        search_index("ix_journal_entry_search", memo_text()),
        Index("ix_journal_entry_effective_on", "effective_on", "id"),
        Index("ix_journal_entry_recorded_at", "recorded_at", "id"),
        Index("ix_journal_entry_period_id", "period_id"),
    )

    effective_on: Mapped[date]
    recorded_at: Mapped[datetime]
    period_id: Mapped[UUID] = mapped_column(ForeignKey("period.id"))
    source_type: Mapped[str]
    source_id: Mapped[UUID]
    memo: Mapped[str]
    reverses_id: Mapped[UUID | None] = mapped_column(ForeignKey("journal_entry.id"), unique=True)
    actor: Mapped[str]


class JournalLine(Identified, Base):
    """One side of an entry on one account."""

    __tablename__ = "journal_line"
    __table_args__ = (
        Unique("entry_id", "position"),
        CheckConstraint(
            "(debit > 0 and credit = 0) or (credit > 0 and debit = 0)", name="one_side"
        ),
        Index("ix_journal_line_account_id", "account_id", "entry_id"),
        Index(
            "ix_journal_line_party_id",
            "party_id",
            "account_id",
            postgresql_where=text("party_id is not null"),
        ),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entry.id"))
    position: Mapped[int] = mapped_column(SmallInteger)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"))
    debit: Mapped[Amount]
    credit: Mapped[Amount]
    party_id: Mapped[UUID | None]
    item_id: Mapped[UUID | None]
    warehouse_id: Mapped[UUID | None]


class JournalNumber(Base):
    """The number of an entry within its fiscal year, given at COMMIT, without a gap."""

    __tablename__ = "journal_number"
    __table_args__ = (
        Unique("fiscal_year_id", "number"),
        search_index("ix_journal_number_search", JOURNAL_NUMBER),
    )

    entry_id: Mapped[UUID] = mapped_column(ForeignKey("journal_entry.id"), primary_key=True)
    fiscal_year_id: Mapped[UUID] = mapped_column(ForeignKey("fiscal_year.id"))
    number: Mapped[int] = mapped_column(BigInteger)


class JournalSeries(Base):
    """The last number given in a fiscal year."""

    __tablename__ = "journal_series"
    __table_args__ = (CheckConstraint("last_number >= 0", name="counts"),)

    fiscal_year_id: Mapped[UUID] = mapped_column(ForeignKey("fiscal_year.id"), primary_key=True)
    last_number: Mapped[int] = mapped_column(BigInteger)
