"""What the company's setting says of an act: on which day it may be dated, in which currency."""

from datetime import date

from chassis.problems.problem import FieldError
from chassis.problems.standard import CurrencyNotSupported, Forbidden, InvalidInput
from chassis.work.unit_of_work import Work

__all__ = ["BACKDATE", "business_day_of", "require_supported_currency"]

BACKDATE = "backdate"
"""The permission to date an act in the past."""


def business_day_of(work: Work, asked: date | None, *, pointer: str = "/effective_on") -> date:
    """The day the act is dated: today unless the caller names one.

    Raises Forbidden for a past day without the permission, InvalidInput at `pointer` for a day to
    come.
    """
    today = work.today()
    if asked is None or asked == today:
        return today
    if asked > today:
        error = FieldError(pointer, "day_to_come", "What happened is not dated ahead.")
        raise InvalidInput(errors=[error])
    if not work.actor.may(BACKDATE):
        raise Forbidden(scope=BACKDATE)
    return asked


def require_supported_currency(work: Work, *currencies: str) -> None:
    """Raises CurrencyNotSupported for another currency than the company's own."""
    supported = work.setting.currency
    for currency in currencies:
        if currency != supported:
            raise CurrencyNotSupported(supported=supported, currency=currency)
