"""Price lists: what is particular about writing them, and which one is the default."""

from collections.abc import Sequence
from uuid import UUID

from chassis.problems.standard import MissingReference, NotFound
from chassis.storage.reading import Reading
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import advisory_lock, read_all
from chassis.work.unit_of_work import Work
from erp.catalog.events import PriceListChanged
from erp.catalog.models import PriceList
from erp.catalog.queries import prices as queries
from erp.catalog.schemas import PriceListView
from erp.catalog.service.codes import claim_codes
from erp.sql import Sql
from records.entities import Values
from records.types import Change, RecordType, changed_fields
from records.writes import write

__all__ = ["PRICE_LIST", "make_default", "price_list_of", "price_list_states"]


async def price_list_of(sql: Sql, code: str | None) -> PriceListView:
    """The list with the code, the default one where none is named. Raises MissingReference."""
    found = await queries.price_list(sql, code)
    if found is None:
        raise MissingReference(entity="price_list", reference=code or "default")
    return found


async def price_list_states(at: Reading, price_list_ids: Sequence[UUID]) -> list[PriceListChanged]:
    """What is published of price lists, as they are now."""
    found = await read_all(at, PriceList, price_list_ids)
    return [PriceListChanged.of(listed, []) for listed in found]


async def make_default(work: Work, price_list_id: UUID) -> None:
    """Use this list where none is named. Raises NotFound."""
    await advisory_lock(work, "default price list")
    found = {one.id: one for one in await queries.price_lists_for_update(work, price_list_id)}
    listed = found.pop(price_list_id, None)
    if listed is None:
        raise NotFound(entity="price_list", id=price_list_id)
    # The one so far is written first: two defaults at a time are refused by the database.
    await write(work, PRICE_LIST, [Change(one, {"is_default": False}) for one in found.values()])
    await write(work, PRICE_LIST, [Change(listed, {"is_default": True})])


async def _defaults(work: Work, count: int) -> Sequence[Values]:
    return [{"currency": work.setting.currency}] * count


async def _prepare(work: Work, change: Change[PriceList], _sender: str | None) -> Values:
    """The values as they came. Raises CurrencyNotSupported."""
    if "currency" in change.values:
        require_supported_currency(work, change.values["currency"])
    return change.values


async def _check(work: Work, changes: Sequence[Change[PriceList]], _sender: str | None) -> None:
    """Raises DuplicateCode."""
    await claim_codes(work, "price_list", [one.record for one in changes if one.is_new])


async def _publish(work: Work, changes: Sequence[Change[PriceList]]) -> None:
    await work.record(
        *(PriceListChanged.of(one.record, changed_fields(PriceListChanged, one)) for one in changes)
    )


PRICE_LIST: RecordType[PriceList, PriceListView] = RecordType(
    name="price_list",
    entity=PriceList,
    reads=queries.PRICE_LISTS,
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
    publish=_publish,
)
"""How price lists are kept. Raises DuplicateCode, CurrencyNotSupported."""
