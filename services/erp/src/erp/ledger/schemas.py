"""Commands and views of the ledger. Amounts are in the installation's currency."""

from collections import Counter
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion, Revision
from erp.ledger.states import AccountKind, AccountRole, ChartName, PeriodState
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.tagged import Tagged
from values.amounts import InCurrency, part_currency
from values.days import Day
from values.decimals import Amount, NonNegativeSum, Sum
from values.external import ExternalId, SourceVersion
from values.money import CurrencyCode
from values.text import Code, Command, Line, Name

__all__ = [
    "AccountQuery",
    "AccountView",
    "BalanceQuery",
    "BalanceView",
    "ChangePeriod",
    "ChartAccount",
    "ChartView",
    "EntryQuery",
    "EntryView",
    "GiveRole",
    "LedgerOpening",
    "LedgerOpenings",
    "LineView",
    "NewAccount",
    "NewEntry",
    "NewEntryLine",
    "NewYear",
    "PeriodView",
    "Posted",
    "ReplaceChart",
    "ReverseEntry",
    "RoleView",
    "SentEntries",
    "SentEntry",
    "TrialBalance",
    "YearView",
]

AmountText = Annotated[Amount, Field(description="Amount from zero up, as text.")]


class View(BaseModel):
    """What a reader is shown."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class NewAccount(CustomValues):
    """Open an account."""

    code: Code
    name: Name
    name_zh: Line = ""
    kind: AccountKind


class AccountView(CustomView, View):
    """An account; `role` names the one that the ERP posts to by itself."""

    id: UUID
    version: EtagVersion
    revision: Revision
    code: str
    name: str
    name_zh: str
    kind: AccountKind
    role: str | None
    active: bool


class ChartAccount(Command):
    """An account of a chart."""

    code: Code
    name: Name
    name_zh: Line = ""
    kind: AccountKind
    role: AccountRole | None = Field(
        default=None, description="What documents post to it; null: nothing."
    )


class ReplaceChart(Command):
    """Take another chart of accounts: one that comes with the ERP, or the company's own."""

    chart: ChartName | None = Field(default=None, description="The name of a chart.")
    accounts: list[ChartAccount] = Field(
        default_factory=list,
        max_length=2000,
        description="The company's own chart, instead of a name; each role stands at one account.",
    )

    @model_validator(mode="after")
    def _is_one_chart(self) -> "ReplaceChart":
        if (self.chart is None) == (not self.accounts):
            raise PydanticCustomError("one_chart", "Give the name of a chart, or accounts.")
        codes = Counter(one.code for one in self.accounts)
        roles = Counter(one.role for one in self.accounts if one.role)
        for one, count in (codes | roles).items():
            if count > 1:
                message = "{word} stands at more than one account."
                raise PydanticCustomError("repeated", message, {"word": str(one)})
        return self


class ChartView(View):
    """The chart of accounts, by code."""

    accounts: list[AccountView]


class RoleView(View):
    """What documents post to, and the account that it is."""

    role: AccountRole
    account: str
    account_name: str


class GiveRole(Command):
    """Let documents post to an account."""

    account: Code = Field(description="The account's code.")


class AccountQuery(Tagged):
    """Which accounts are wanted."""

    kind: Annotated[str, AnyOf(AccountKind)] | None = None


class NewYear(Command):
    """Open a fiscal year; its periods are the calendar months it covers."""

    name: Name = Field(description="Such as 2026.")
    starts_on: Day
    ends_on: Day = Field(description="At most 18 months after the start.")


class YearView(View):
    """A fiscal year."""

    id: UUID
    name: str
    starts_on: date
    ends_on: date


class PeriodView(View):
    """A period: `open` takes entries, `closed` may be opened again, `locked` never."""

    id: UUID
    version: EtagVersion
    revision: Revision
    fiscal_year_id: UUID
    number: int
    starts_on: date
    ends_on: date
    state: PeriodState


class ChangePeriod(Command):
    """Open, close or lock a period."""

    state: PeriodState


class NewEntryLine(Command):
    """One side of an entry: debit or credit, never both."""

    account: Code = Field(description="The account's code.")
    debit: AmountText = Decimal(0)
    credit: AmountText = Decimal(0)
    currency: CurrencyCode | None = Field(
        default=None, description="Default: the company's, which is the only one it can be."
    )
    party_id: UUID | None = None

    @model_validator(mode="after")
    def _one_side(self) -> "NewEntryLine":
        if (self.debit > 0) == (self.credit > 0):
            raise PydanticCustomError("one_side", "Give a debit or a credit, not both.")
        return self


class NewEntry(CustomValues):
    """Post an entry by hand."""

    memo: Name
    effective_on: Day | None = Field(default=None, description="Default: today.")
    lines: list[NewEntryLine] = Field(min_length=2, max_length=200)


class SentEntry(NewEntry):
    """An entry as another system tells it; posted once, never changed."""

    external_id: ExternalId
    source_version: SourceVersion


class SentEntries(Command):
    """Entries of another system."""

    items: list[SentEntry] = Field(min_length=1, max_length=200)


class LedgerOpening(Command):
    """Balances of the day on which the books are opened; posted once, never changed."""

    external_id: ExternalId
    source_version: SourceVersion
    memo: Name
    effective_on: Day = Field(description="The day whose beginning the balances are of.")
    lines: list[NewEntryLine] = Field(
        min_length=1,
        max_length=1000,
        description="What accounts held, without those that documents keep (open items, stock). "
        "What debits and credits differ by goes to the account with the role `equity_opening`.",
    )


class LedgerOpenings(Command):
    """Opening balances of another system."""

    items: list[LedgerOpening] = Field(min_length=1, max_length=20)


class ReverseEntry(Command):
    """Post the reversal of an entry."""

    memo: Name
    effective_on: Day | None = Field(
        default=None, description="A day in an open period; default: today."
    )


class Posted(View):
    """An entry that was posted."""

    id: UUID


class LineView(InCurrency, View):
    """One side of an entry."""

    account: str
    account_name: str
    debit: Amount
    credit: Amount
    party_id: UUID | None
    item_id: UUID | None
    warehouse_id: UUID | None
    currency: str = part_currency()


class EntryQuery(Tagged):
    """Which journal entries are wanted."""

    source_id: UUID | None = None
    account: str | None = Field(default=None, max_length=64)
    effective_on_gte: Day | None = Field(default=None, description="The first day.")
    effective_on_lte: Day | None = Field(default=None, description="The last day.")


class EntryView(InCurrency, CustomView, View):
    """A posted entry; `number` counts without a gap within the fiscal year."""

    id: UUID
    effective_on: date
    recorded_at: datetime
    number: int
    fiscal_year: str
    source_type: str
    source_id: UUID
    memo: str
    reverses_id: UUID | None
    reversed_by_id: UUID | None
    actor: str
    lines: list[LineView]
    currency: str = Field(description="Currency of its amounts: the company's (ISO 4217).")


class BalanceQuery(BaseModel):
    """Which lines are summed up; by default all."""

    on: Day | None = Field(default=None, description="To the end of this day; default: today.")
    party_id: UUID | None = None
    item_id: UUID | None = None
    warehouse_id: UUID | None = None


class BalanceView(InCurrency, View):
    """What an account holds: `balance` is debit less credit."""

    code: str
    name: str
    name_zh: str
    kind: AccountKind
    role: str | None
    debit: NonNegativeSum
    credit: NonNegativeSum
    balance: Sum
    currency: str = part_currency()


class TrialBalance(InCurrency, View):
    """Every account up to a day; the two totals are equal."""

    on: date
    currency: str
    accounts: list[BalanceView]
    debit: NonNegativeSum
    credit: NonNegativeSum
