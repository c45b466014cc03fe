"""Paths of complaints and of scores of suppliers."""

from typing import Annotated, Any

from fastapi import Query, Response, status

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import MissingReference
from erp.catalog.errors import FractionOfUnit
from erp.quality.errors import ComplaintDiffers, NotShippedToCustomer
from erp.quality.queries.cases import CASES
from erp.quality.schemas.cases import NonconformanceView
from erp.quality.schemas.complaints import NewComplaint
from erp.quality.schemas.scores import ScoresAsked, SupplierScores
from erp.quality.service.complaints import take_up
from erp.quality.service.scores import supplier_scores

__all__ = ["complaint_router", "score_router"]

Clerk = Annotated[Actor, Needs("quality.write")]
Reader = Annotated[Actor, Needs("quality.read")]
_KNOWN: dict[int | str, dict[str, Any]] = {
    200: {"description": "It was taken up before.", "model": NonconformanceView}
}

complaint_router = api_router(prefix="/v1/quality-complaints", tag="nonconformances")
score_router = api_router(prefix="/v1/supplier-scores", tag="supplier-scores")


@complaint_router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=_KNOWN
    | refuses(MissingReference, FractionOfUnit, NotShippedToCustomer, ComplaintDiffers),
)
async def quality_complaint_create(
    command: NewComplaint, _by: Clerk, _once: OnlyOnce, work: InWork, response: Response
) -> NonconformanceView:
    """Open the case of a complaint, traced to what it came of; sent again it is the same case."""
    case_id, is_new = await take_up(work, command)
    response.status_code = status.HTTP_201_CREATED if is_new else status.HTTP_200_OK
    response.headers["Location"] = f"/v1/nonconformances/{case_id}"
    return await CASES.get(work, case_id)


@score_router.get("", responses=refuses())
async def supplier_score_list(
    _by: Reader, asked: Annotated[ScoresAsked, Query()], at: InReading
) -> SupplierScores:
    """How goods of suppliers came in a period: received, rejected, late, and cases."""
    return await supplier_scores(at, asked)
