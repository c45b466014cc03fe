"""Fiscal years, their periods, and accounts."""

from datetime import date
from uuid import UUID

import asyncpg

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.work.unit_of_work import Work
from erp.ledger.errors import YearOverlaps
from erp.ledger.models import FiscalYear, Period
from erp.ledger.posting import months_of
from erp.ledger.queries import period_on
from erp.ledger.schemas import ChangePeriod, NewYear, PeriodView, YearView
from erp.ledger.states import PeriodState

__all__ = ["change_period", "ensure_year", "open_year"]

LONGEST_YEAR_DAYS = 549


async def open_year(work: Work, command: NewYear) -> YearView:
    """Open a fiscal year with a period for each month. Raises InvalidInput, YearOverlaps."""
    days = (command.ends_on - command.starts_on).days
    if not 0 < days <= LONGEST_YEAR_DAYS:
        wrong = FieldError("/ends_on", "year_length", "A fiscal year lasts up to 18 months.")
        raise InvalidInput(errors=[wrong])
    year = FiscalYear(name=command.name, starts_on=command.starts_on, ends_on=command.ends_on)
    work.session.add(year)
    try:
        await work.flush()
    except Exception as refused:
        raise _overlap(refused, command) from refused
    work.session.add_all(
        Period(
            fiscal_year_id=year.id,
            number=number,
            starts_on=first,
            ends_on=last,
            state=PeriodState.OPEN,
        )
        for number, (first, last) in enumerate(months_of(year.starts_on, year.ends_on), 1)
    )
    await work.flush()
    return YearView.model_validate(year)


def _overlap(refused: Exception, command: NewYear) -> Exception:
    cause = getattr(refused, "orig", None)
    code = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    if code in {
        asyncpg.ExclusionViolationError.sqlstate,
        asyncpg.UniqueViolationError.sqlstate,
    }:
        return YearOverlaps(name=command.name)
    return refused


async def ensure_year(work: Work, day: date) -> None:
    """Open the calendar year of the day unless a fiscal year has it already."""
    if await period_on(work.sql, day) is None:
        year = NewYear(
            name=str(day.year), starts_on=date(day.year, 1, 1), ends_on=date(day.year, 12, 31)
        )
        await open_year(work, year)


async def change_period(
    work: Work, period_id: UUID, command: ChangePeriod, *, revision: int
) -> PeriodView:
    """Open, close or lock a period. Raises NotFound, StaleRevision, PeriodLocked."""
    period = await work.session.get(Period, period_id, with_for_update=True)
    if period is None:
        raise NotFound(entity="period", id=period_id)
    period.check_revision(revision)
    period.set_state(command.state, work.now)
    await work.flush()
    return PeriodView.model_validate(period)
