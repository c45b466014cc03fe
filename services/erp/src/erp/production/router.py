"""Paths of bills of material, explosions and uses."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response, status

from chassis.actor import Actor
from chassis.clock import business_day
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference, NotFound
from erp.catalog.errors import FractionOfUnit
from erp.production.errors import (
    BomCycle,
    BomFixed,
    CostSharesTooHigh,
    DuplicateRevision,
    ExplosionTooLarge,
    NoBom,
    NoComponents,
    OtherUnit,
    OverlappingBom,
    ReversedEffectivity,
)
from erp.production.schemas.boms import (
    BillOfMaterialView,
    ChangeBillOfMaterial,
    NewBillOfMaterial,
    ReviseBillOfMaterial,
    UpsertBillOfMaterial,
)
from erp.production.schemas.costs import CostAsked, CostRollUp
from erp.production.schemas.structure import Explosion, ExplosionAsked, ItemUses, UsesAsked
from erp.production.service import boms
from erp.production.service.boms import BOM
from erp.production.service.costs import roll_up
from erp.production.service.exploding import explode, where_used
from erp.production.states import BomStatus
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import Reference

__all__ = ["bill_of_material", "bill_of_material_router"]

READ, WRITE = "boms.read", "boms.write"
Planner = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]
CostReader = Annotated[Actor, Needs("boms.costs")]


async def _today(request: Request) -> date:
    """The business date of the request in the installation's zone."""
    return business_day(request.app.state.settings.time_zone)


Today = Annotated[date, Depends(_today)]
_CONTENT = (MissingReference, OtherUnit, FractionOfUnit, CostSharesTooHigh, BomCycle)

bill_of_material_router = api_router(prefix="/v1/bills-of-material", tag="bills-of-material")
bill_of_material = RecordRoutes(
    bill_of_material_router,
    BOM,
    one="bill of material",
    many="bills of material",
    read=READ,
    write=WRITE,
    refuses=(*_CONTENT, DuplicateRevision, ReversedEffectivity),
)
bill_of_material.list(
    "Revisions of bills of material, the newest first; `sort` by created_at or updated_at."
)


@bill_of_material_router.get("/explosion", responses=refuses(NotFound, NoBom, ExplosionTooLarge))
async def bill_of_material_explode(
    _by: Reader, asked: Annotated[ExplosionAsked, Query()], at: InReading, today: Today
) -> Explosion:
    """What is needed to make so many of an item, by the revisions that count on a day."""
    return await explode(at.sql, asked, today=today)


@bill_of_material_router.get("/where-used", responses=refuses(NotFound, ExplosionTooLarge))
async def bill_of_material_where_used(
    _by: Reader, asked: Annotated[UsesAsked, Query()], at: InReading, today: Today
) -> ItemUses:
    """Everything that an item goes into, directly or not, by the revisions that count on a day."""
    return await where_used(at.sql, asked, today=today)


@bill_of_material_router.get("/cost", responses=refuses(NotFound, NoBom, ExplosionTooLarge))
async def bill_of_material_cost(
    _by: CostReader, asked: Annotated[CostAsked, Query()], at: InReading, today: Today
) -> CostRollUp:
    """What one of an item costs, rolled up from what its components cost now."""
    return await roll_up(at, asked, today=today)


bill_of_material.create(NewBillOfMaterial, "Draft a revision of the bill of material of an item.")
bill_of_material.upsert(UpsertBillOfMaterial, refuses=(BomFixed, NoComponents, OverlappingBom))
bill_of_material.csv(
    references={"sku": Reference("item", codes=("sku",), take="sku")},
    states={BomStatus.DRAFT.value: {"status": BomStatus.DRAFT}},
)
bill_of_material.get()
bill_of_material.history()
bill_of_material.change(ChangeBillOfMaterial, refuses=(BomFixed, NoComponents, OverlappingBom))
bill_of_material.put(
    "activate",
    {"status": BomStatus.ACTIVE},
    "Let the revision count on its days; what it is made of stays from now on.",
    refuses=(NoComponents, OverlappingBom, BomCycle),
)
bill_of_material.archive(
    "Put the revision away: it counts on no day.",
    "Let the revision count on its days again.",
    refuses=(NoComponents, OverlappingBom, BomCycle),
)


@bill_of_material_router.post(
    "/{bill_of_material_id}/revise",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(NotFound, *_CONTENT, DuplicateRevision, ReversedEffectivity),
)
async def bill_of_material_revise(
    bill_of_material_id: UUID,
    command: ReviseBillOfMaterial,
    _by: Planner,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> BillOfMaterialView:
    """Draft a new revision that is like this one."""
    new_id = await boms.revise(work, bill_of_material_id, command)
    return await bill_of_material.reply(response, work, new_id, new=True)


bill_of_material.link()
bill_of_material.unlink()
annotate(bill_of_material.paths)
