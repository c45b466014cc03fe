"""Paths of units, item categories and items."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response, status

from chassis.actor import Actor
from chassis.http.batch import BatchReply
from chassis.http.dependencies import (
    IfMatch,
    InReading,
    InWork,
    Language,
    Needs,
    OnlyOnce,
    OnlyOnceUnlessDry,
)
from chassis.http.etag import reply_with
from chassis.http.paging import PageAsked, SearchAsked
from chassis.http.routing import house_router
from chassis.problems.standard import (
    IdempotencyInFlight,
    IdempotencyKeyRequired,
    IdempotencyKeyReused,
    MissingReference,
    NotFound,
    RevisionRequired,
    StaleRevision,
)
from chassis.storage.external import AlreadyLinked
from chassis.storage.paging import Page
from chassis.storage.reading import Reading
from erp.catalog import queries
from erp.catalog.errors import (
    CategoryLoop,
    DuplicateCode,
    DuplicateSku,
    FixedCode,
    NotTrackable,
    TrackingFixed,
    UnitInUse,
    UnsuitableConversion,
)
from erp.catalog.models import Item, ItemCategory
from erp.catalog.schemas import (
    CategoryView,
    ChangeCategory,
    ChangeItem,
    ItemQuery,
    ItemView,
    NewCategory,
    NewItem,
    NewUnit,
    UnitView,
    UpsertCategories,
    UpsertCategory,
    UpsertItem,
    UpsertItems,
)
from erp.catalog.service import categories, items, units
from records.batches import upsert_each
from records.links import LinkExternal
from records.senders import FromSystem, InBatch
from records.upserts import UPSERT_PROBLEMS, UPSERTED, reply_outcome
from values.external import ExternalId

__all__ = ["category_router", "item_router", "unit_router"]

Keeper = Annotated[Actor, Needs("catalog.write")]
Reader = Annotated[Actor, Needs("catalog.read")]

_KEYED = (IdempotencyKeyRequired, IdempotencyKeyReused, IdempotencyInFlight, NotFound)
_CHANGED = (*_KEYED, StaleRevision, RevisionRequired, MissingReference)

unit_router = house_router(prefix="/v1/units", tag="units", problems=(*_KEYED, DuplicateCode))
category_router = house_router(
    prefix="/v1/item-categories",
    tag="item-categories",
    problems=(*_CHANGED, *UPSERT_PROBLEMS, DuplicateCode, FixedCode, CategoryLoop),
)
item_router = house_router(
    prefix="/v1/items",
    tag="items",
    problems=(
        *_CHANGED,
        *UPSERT_PROBLEMS,
        AlreadyLinked,
        DuplicateSku,
        UnitInUse,
        UnsuitableConversion,
        NotTrackable,
        TrackingFixed,
    ),
)


def _told(request: Request, language: str, unit: UnitView) -> UnitView:
    """The unit with its name in the caller's language."""
    name = request.app.state.texts.text(unit.name, language)
    return unit.model_copy(update={"name": name})


async def _category(
    response: Response, at: Reading, category_id: UUID, *, new: bool = False
) -> CategoryView:
    """The category as the reply shows it, with its ETag."""
    seen = await categories.see_category(at.sql, category_id)
    reply_with(response, seen, location=f"/v1/item-categories/{seen.id}" if new else None)
    return seen


async def _item(response: Response, at: Reading, item_id: UUID, *, new: bool = False) -> ItemView:
    """The item as the reply shows it, with its ETag."""
    seen = await items.see_item(at.sql, item_id)
    reply_with(response, seen, location=f"/v1/items/{seen.id}" if new else None)
    return seen


@unit_router.get("")
async def unit_list(
    _by: Reader, at: InReading, language: Language, request: Request
) -> Page[UnitView]:
    """Every unit, by code, on one page."""
    known = await queries.units(at.sql)
    return Page(items=[_told(request, language, unit) for unit in known])


@unit_router.post("", status_code=status.HTTP_201_CREATED)
async def unit_create(command: NewUnit, _by: Keeper, _once: OnlyOnce, work: InWork) -> UnitView:
    """Add a unit that is not among the usual ones."""
    return await units.see_unit(work.sql, await units.add_unit(work, command))


@unit_router.get("/{code}")
async def unit_get(
    code: str, _by: Reader, at: InReading, language: Language, request: Request
) -> UnitView:
    """The unit."""
    return _told(request, language, await units.see_unit(at.sql, code))


@category_router.get("")
async def item_category_list(_by: Reader, asked: SearchAsked, at: InReading) -> Page[CategoryView]:
    """Categories; `sort` by name, created_at or updated_at."""
    return await queries.category_page(at.sql, asked)


@category_router.post("", status_code=status.HTTP_201_CREATED)
async def item_category_create(
    command: NewCategory, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> CategoryView:
    """Add a category."""
    category_id = await categories.add_category(work, command)
    return await _category(response, work, category_id, new=True)


@category_router.post("/by-external/{system}/batch")
async def item_category_upsert_batch(
    asked: InBatch, command: UpsertCategories, _by: Keeper, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over categories as another system knows them; each is judged alone."""
    act = categories.upsert_category
    return await upsert_each(work, asked, ItemCategory, command.items, act)


@category_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def item_category_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertCategory,
    _by: Keeper,
    work: InWork,
    response: Response,
) -> CategoryView:
    """Take over a category as another system knows it; only a newer version changes it."""
    done = await categories.upsert_category(work, system, external_id, command)
    reply_outcome(response, done)
    return await _category(response, work, done.id, new=done.outcome == "created")


@category_router.get("/{category_id}")
async def item_category_get(
    category_id: UUID, _by: Reader, at: InReading, response: Response
) -> CategoryView:
    """The category."""
    return await _category(response, at, category_id)


@category_router.patch("/{category_id}")
async def item_category_update(
    category_id: UUID,
    command: ChangeCategory,
    revision: IfMatch,
    _by: Keeper,
    work: InWork,
    response: Response,
) -> CategoryView:
    """Change the fields given; the others stay."""
    await categories.change_category(work, category_id, command, revision=revision)
    return await _category(response, work, category_id)


@item_router.get("")
async def item_list(
    _by: Reader, wanted: Annotated[ItemQuery, Query()], asked: PageAsked, at: InReading
) -> Page[ItemView]:
    """Items, the newest first; `sort` by created_at, updated_at or name."""
    return await queries.item_page(at.sql, wanted, asked)


@item_router.post("", status_code=status.HTTP_201_CREATED)
async def item_create(
    command: NewItem, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> ItemView:
    """Add an item."""
    item_id = await items.add_item(work, command)
    return await _item(response, work, item_id, new=True)


@item_router.post("/by-external/{system}/batch")
async def item_upsert_batch(
    asked: InBatch, command: UpsertItems, _by: Keeper, _once: OnlyOnceUnlessDry, work: InWork
) -> BatchReply:
    """Take over items as another system knows them; each is judged alone."""
    sent, in_bulk = command.items, items.IN_BULK
    return await upsert_each(work, asked, Item, sent, items.upsert_item, in_bulk=in_bulk)


@item_router.put("/by-external/{system}/{external_id}", responses=UPSERTED)
async def item_upsert(
    system: FromSystem,
    external_id: ExternalId,
    command: UpsertItem,
    _by: Keeper,
    work: InWork,
    response: Response,
) -> ItemView:
    """Take over an item as another system knows it; only a newer version changes it."""
    done = await items.upsert_item(work, system, external_id, command)
    reply_outcome(response, done)
    return await _item(response, work, done.id, new=done.outcome == "created")


@item_router.get("/{item_id}")
async def item_get(item_id: UUID, _by: Reader, at: InReading, response: Response) -> ItemView:
    """The item."""
    return await _item(response, at, item_id)


@item_router.patch("/{item_id}")
async def item_update(
    item_id: UUID,
    command: ChangeItem,
    revision: IfMatch,
    _by: Keeper,
    work: InWork,
    response: Response,
) -> ItemView:
    """Change the fields given; the others stay."""
    await items.change_item(work, item_id, command, revision=revision)
    return await _item(response, work, item_id)


@item_router.post("/{item_id}/archive")
async def item_archive(
    item_id: UUID, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> ItemView:
    """Put the item away; its history stays."""
    await items.archive_item(work, item_id)
    return await _item(response, work, item_id)


@item_router.post("/{item_id}/restore")
async def item_restore(
    item_id: UUID, _by: Keeper, _once: OnlyOnce, work: InWork, response: Response
) -> ItemView:
    """Use the item again."""
    await items.restore_item(work, item_id)
    return await _item(response, work, item_id)


@item_router.post("/{item_id}/external-refs")
async def item_link(
    item_id: UUID,
    command: LinkExternal,
    _by: Keeper,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ItemView:
    """Say which record of another system the item is."""
    await items.link_item(work, item_id, command)
    return await _item(response, work, item_id)
