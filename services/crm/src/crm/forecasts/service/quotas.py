"""Quotas: what is particular about writing them."""

from collections.abc import Sequence
from uuid import UUID

from chassis.problems.field_errors import errors_of_field
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import advisory_lock, read_all
from chassis.work.unit_of_work import Work
from crm.forecasts.errors import QuotaOverlaps
from crm.forecasts.events import QuotaChanged
from crm.forecasts.models import Quota
from crm.forecasts.queries import quotas
from crm.forecasts.schemas import SalesQuotaView
from crm.staff.service.members import require_active_user
from crm.staff.service.teams import require_open_team
from records.entities import ARCHIVED, Values
from records.types import Change, RecordType, changed_fields
from values.money import Money, MoneyChange

__all__ = ["QUOTA", "quota_states"]


async def _prepare(work: Work, change: Change[Quota], _sender: str | None) -> Values:
    """Raises InvalidInput, MissingReference (user, team), CurrencyNotSupported."""
    values = dict(change.values)
    for name in ("owner_id", "team_id"):
        if not change.is_new and name in values and values[name] != getattr(change.record, name):
            message = "This cannot be changed."
            raise InvalidInput(errors=[FieldError(f"/{name}", "fixed", message)])
    if values.get("owner_id") and values.get("team_id"):
        message = "A quota is of a user, of a team, or of the company."
        raise InvalidInput(errors=[FieldError("/team_id", "of_one", message)])
    if change.is_new and values.get("owner_id"):
        await require_active_user(work, values["owner_id"], pointer="/owner_id")
    if change.is_new and values.get("team_id"):
        await require_open_team(work, values["team_id"])
    if isinstance(values.get("amount"), MoneyChange):
        present = change.record.amount or Money.zero(work.setting.currency)
        with errors_of_field("amount"):
            values["amount"] = values["amount"].onto(present)
        require_supported_currency(work, values["amount"].currency)
    return values


async def _check(work: Work, changes: Sequence[Change[Quota]], _sender: str | None) -> None:
    """Raises InvalidInput (a period upside down), QuotaOverlaps."""
    for one in changes:
        quota = one.record
        if quota.first_day > quota.last_day:
            message = "The last day is not before the first."
            raise InvalidInput(errors=[FieldError("/last_day", "period_in_order", message)])
        if quota.status == ARCHIVED:
            continue
        await advisory_lock(work, f"sales_quota:{quota.owner_id or quota.team_id}")
        existing_id = await quotas.overlapping(work.sql, quota)
        if existing_id:
            raise QuotaOverlaps(existing_id=existing_id)


async def quota_states(at: Reading, ids: Sequence[UUID]) -> list[QuotaChanged]:
    """What is published of quotas, as they are now."""
    return [QuotaChanged.of(one, []) for one in await read_all(at, Quota, ids)]


async def _publish(work: Work, changes: Sequence[Change[Quota]]) -> None:
    events = [QuotaChanged.of(one.record, changed_fields(QuotaChanged, one)) for one in changes]
    await work.record(*events)


QUOTA: RecordType[Quota, SalesQuotaView] = RecordType(
    name="sales_quota",
    entity=Quota,
    reads=quotas.QUOTAS,
    required=("name", "first_day", "last_day", "amount"),
    prepare=_prepare,
    check=_check,
    publish=_publish,
    in_bulk=False,
)
"""How quotas are kept."""
