"""Business dates of acts: today unless the caller names a day, and may."""

from datetime import date

from chassis.http.problems import FieldError, Forbidden, InvalidInput
from chassis.work.unit_of_work import Work

__all__ = ["BACKDATE", "business_day_of"]

BACKDATE = "backdate"
"""The permission to date an act in the past."""


def business_day_of(work: Work, asked: date | None) -> date:
    """The day the act is dated.

    Raises Forbidden for a past day without the permission, InvalidInput for a day to come.
    """
    today = work.today()
    if asked is None or asked == today:
        return today
    if asked > today:
        wrong = FieldError("/effective_on", "day_to_come", "What happened is not dated ahead.")
        raise InvalidInput(errors=[wrong])
    if not work.actor.may(BACKDATE):
        raise Forbidden(scope=BACKDATE)
    return asked
