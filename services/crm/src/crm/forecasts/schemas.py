"""Forecasts, quotas and snapshots: commands, views and queries."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.http.etag import EtagVersion, Revision
from crm.forecasts.states import Division
from crm.opportunities.schemas.deals import ColumnSum
from crm.opportunities.states import ForecastCategory
from crm.rates.schemas import UsedRate
from records.custom.fields import CustomValues, CustomView
from records.filters import Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.amounts import InCurrency
from values.days import Day
from values.decimals import Sum
from values.external import SourceVersion
from values.money import MoneyChange, MoneyView
from values.text import Command, Name, OptionalNote, Status, unset

__all__ = [
    "ChangeSalesQuota",
    "Forecast",
    "ForecastFigure",
    "ForecastGroup",
    "ForecastQuery",
    "NewSalesQuota",
    "NewSnapshot",
    "SalesQuotaQuery",
    "SalesQuotaView",
    "SnapshotDivision",
    "SnapshotFigures",
    "SnapshotQuery",
    "SnapshotView",
    "UpsertSalesQuota",
]

_FIRST, _LAST = "The first day.", "The last day."
_OWNER = "Whose it is; null: a team's, or the company's."
_TEAM = "Which team's it is; null: a user's, or the company's."


class QuotaFields(CustomValues):
    """Fields of a quota. What is left out of a change stays as it is."""

    note: OptionalNote = Field(default_factory=unset, description="What else is to be known.")


class NewSalesQuota(QuotaFields):
    """Say what a user, a team, or else the company is to win in a period."""

    name: Name = Field(description="Such as the quarter.")
    owner_id: UUID | None = Field(default=None, description=_OWNER)
    team_id: UUID | None = Field(default=None, description=_TEAM)
    first_day: Day = Field(description=_FIRST)
    last_day: Day = Field(description=_LAST)
    amount: MoneyChange = Field(description="What is to be won, in the company's currency.")


class ChangeSalesQuota(QuotaFields):
    """Change a quota (JSON merge patch)."""

    name: Name = Field(default_factory=unset, description="Such as the quarter.")
    first_day: Day = Field(default_factory=unset, description=_FIRST)
    last_day: Day = Field(default_factory=unset, description=_LAST)
    amount: MoneyChange = Field(default_factory=unset, description="What is to be won.")


class UpsertSalesQuota(QuotaFields):
    """A quota as another system knows it; fields left out stay as they are here."""

    source_version: SourceVersion
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    owner_id: UUID | None = Field(default=None, description=f"{_OWNER} Fixed.")
    team_id: UUID | None = Field(default=None, description=f"{_TEAM} Fixed.")
    first_day: Day = Field(default_factory=unset, description="Needed when it is new here.")
    last_day: Day = Field(default_factory=unset, description="Needed when it is new here.")
    amount: MoneyChange = Field(default_factory=unset, description="Needed when it is new here.")
    status: Status = Field(default_factory=unset)


class SalesQuotaView(CustomView):
    """What a user, a team, or else the company is to win in a period."""

    id: UUID
    name: str
    owner_id: UUID | None = Field(description=_OWNER)
    team_id: UUID | None = Field(description=_TEAM)
    first_day: date = Field(description=_FIRST)
    last_day: date = Field(description=_LAST)
    amount: MoneyView = Field(description="What is to be won.")
    note: str = Field(description="What else is to be known.")
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class SalesQuotaQuery(Tagged):
    """Which quotas are wanted."""

    status: Statuses | None = None
    owner_id: UUID | None = Field(default=None, description="Only of this user.")
    team_id: UUID | None = Field(default=None, description="Only of this team.")
    on: Day | None = Field(default=None, description="Only those for this day.")
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class ForecastQuery(Command):
    """Which forecast is wanted: of the deals that close in the period and that one may see."""

    first_day: Day | None = Field(
        default=None, description=f"{_FIRST} By default that of this quarter."
    )
    last_day: Day | None = Field(
        default=None, description=f"{_LAST} By default that of the quarter of the first day."
    )
    by: Division | None = Field(
        default=None, description="A group for each owner, team, pipeline or month."
    )
    owner_id: UUID | None = Field(default=None, description="Only of this user.")
    team_id: UUID | None = Field(default=None, description="Only of this team.")
    pipeline_id: UUID | None = Field(default=None, description="Only of this pipeline.")


class ForecastFigure(InCurrency):
    """What the deals of a category come to, in the company's currency and in their own."""

    forecast_category: ForecastCategory
    count: int
    currency: str
    amount: Sum = Field(
        description="Won deals by the rate of the day on which they closed, open ones by the last "
        "rate; each rounded. Those without an amount count as 0."
    )
    weighted: Sum = Field(
        description="Of each open deal amount x probability, of a won one the amount, of a lost "
        "one nothing."
    )
    sums: list[ColumnSum] = Field(
        description="By the currency of the deals: equal to the sums of the list."
    )
    list: str | None = Field(
        description="The path of the list of these deals; null: of a snapshot, which has them."
    )


class ForecastGroup(InCurrency):
    """The figures of an owner, a team, a pipeline or a month."""

    owner_id: UUID | None = Field(description="Null: nobody's, or it is no group of an owner.")
    team_id: UUID | None = Field(description="Null: no team's, or it is no group of a team.")
    pipeline_id: UUID | None = Field(description="Null: it is no group of a pipeline.")
    month: date | None = Field(description="The first day of the month; null: no group of one.")
    currency: str
    won: Sum = Field(description="What was won.")
    expected: Sum = Field(description="Won, and the weighted sum of what is open.")
    quota: Sum | None = Field(
        description="The quotas whose days all lie in the period; null: there is none."
    )
    figures: list[ForecastFigure] = Field(description="By category; those without deals are out.")


class Forecast(ForecastGroup):
    """What deals come to in a period, by category."""

    first_day: date = Field(description="The first day of the period.")
    last_day: date = Field(description="The last day of the period.")
    groups: list[ForecastGroup]
    rates: list[UsedRate] = Field(description="The rates by which open deals were counted.")


class NewSnapshot(Command):
    """Keep the forecast of a period as it is now."""

    name: Name
    first_day: Day = Field(description=_FIRST)
    last_day: Day = Field(description=_LAST)


class SnapshotView(BaseModel):
    """A forecast that was kept. It never changes."""

    id: UUID
    name: str
    recorded_at: datetime
    taken_on: date = Field(description="The day in the company's time zone.")
    by: str = Field(description="Who took it: `user:…`, `key:…`, `token:…` or `system:…`.")
    first_day: date = Field(description="The first day of its period.")
    last_day: date = Field(description="The last day of its period.")
    currency: str = Field(description="The company's currency.")
    deals: int = Field(description="How many deals are in it.")


class SnapshotQuery(BaseModel):
    """Which snapshots are wanted."""

    day: Day | None = Field(default=None, description="Only those whose period has this day.")


class SnapshotFigures(ForecastGroup):
    """What the deals of a snapshot came to, and what was won of them since."""

    snapshot: SnapshotView = Field(description="When it was taken, and of which days.")
    groups: list[ForecastGroup]
    won_since: Sum = Field(
        description="What the deals that were open then have been won for up to now, of those that "
        "you may see."
    )


class SnapshotDivision(Command):
    """How the figures of a snapshot are divided."""

    by: Division | None = Field(
        default=None, description="A group for each owner, team, pipeline or month."
    )
