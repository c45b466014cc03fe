"""Paths of soft reservations."""

from typing import Annotated
from uuid import UUID

from fastapi import status

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference, NotFound
from erp.catalog.errors import FractionOfUnit
from erp.stock.queries.soft_reservations import SOFT_RESERVATIONS
from erp.stock.refusals import DayNotPromisable, NothingToPromise, SoftReservationEnded
from erp.stock.schemas.soft_reservations import (
    ExtendSoftReservation,
    MakeSoftReservations,
    SoftReservationsMade,
    SoftReservationView,
)
from erp.stock.service import soft_reservations
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import get_route, list_route
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "soft_reservation_router"]

READ, WRITE = "stock.read", "soft_reservations.write"
Promiser = Annotated[Actor, Needs(WRITE)]

soft_reservation_router = api_router(prefix="/v1/soft-reservations", tag="soft-reservations")


@soft_reservation_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(MissingReference, FractionOfUnit, DayNotPromisable, NothingToPromise),
)
async def soft_reservation_create(
    command: MakeSoftReservations, _by: Promiser, _once: OnlyOnce, work: InWork
) -> SoftReservationsMade:
    """Promise goods for a day and keep them from later promises until it expires."""
    made = await soft_reservations.make_soft_reservations(work, command)
    found = {one.id: one for one in await SOFT_RESERVATIONS.get_all(work, made)}
    return SoftReservationsMade(items=[found[one] for one in made])


@soft_reservation_router.post(
    "/{soft_reservation_id}/extend", responses=refuses(NotFound, SoftReservationEnded)
)
async def soft_reservation_extend(
    soft_reservation_id: UUID,
    command: ExtendSoftReservation,
    _by: Promiser,
    _once: OnlyOnce,
    work: InWork,
) -> SoftReservationView:
    """Let a soft reservation count for longer."""
    await soft_reservations.extend_soft_reservation(work, soft_reservation_id, command)
    return await SOFT_RESERVATIONS.get(work, soft_reservation_id)


@soft_reservation_router.post(
    "/{soft_reservation_id}/release", responses=refuses(NotFound, SoftReservationEnded)
)
async def soft_reservation_release(
    soft_reservation_id: UUID, _by: Promiser, _once: OnlyOnce, work: InWork
) -> SoftReservationView:
    """Let the goods of a soft reservation go: they may be promised to others."""
    await soft_reservations.release_soft_reservation(work, soft_reservation_id)
    return await SOFT_RESERVATIONS.get(work, soft_reservation_id)


SOFT_RESERVATION = RecordPaths(
    soft_reservation_router, SOFT_RESERVATIONS, "soft reservation", READ, WRITE
)
list_route(SOFT_RESERVATION, "What is promised for a time, the newest first.")
get_route(SOFT_RESERVATION)
annotate(SOFT_RESERVATION)

LISTS = (
    add_export(
        soft_reservation_router,
        RecordSheet(name="soft_reservation", reads=SOFT_RESERVATIONS, read=READ),
        "soft reservations",
    ),
)
"""What leaves as files."""
