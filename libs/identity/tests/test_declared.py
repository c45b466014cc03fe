"""The test client compares the problems that a route answers with those that it declares."""

import httpx
import orjson
import pytest
from fastapi import FastAPI, Response
from pydantic import BaseModel

from chassis.http.dependencies import IfMatch, InWork, OnlyOnce
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.problem import MEDIA_TYPE, Problem
from chassis.problems.standard import Conflict, NotFound, StaleRevision
from chassis.storage.paging import Page
from identity.testing.declared import DeclaredProblems

router = api_router(prefix="/v1/parcels", tag="parcels")


def _reply(problem: type[Problem]) -> Response:
    body = orjson.dumps({"code": problem.code})
    return Response(body, problem.status, media_type=MEDIA_TYPE)


@router.get("/lost", responses=refuses(NotFound))
async def parcel_lost() -> Response:
    return _reply(NotFound)


@router.get("/changed", responses=refuses(NotFound))
async def parcel_changed() -> Response:
    return _reply(StaleRevision)


@router.get("/stuck")
async def parcel_stuck() -> Response:
    return _reply(Conflict)


class Parcel(BaseModel):
    """What is sent."""

    number: str


@router.get("")
async def parcel_list(asked: PageAsked) -> Page[Parcel]:
    return Page(items=[])


@router.patch("/{parcel_id}", responses=refuses(NotFound))
async def parcel_update(revision: IfMatch, work: InWork) -> None: ...


@router.post("/{parcel_id}/send", responses=refuses(NotFound))
async def parcel_send(_once: OnlyOnce) -> None: ...


async def _get(path: str) -> int:
    app = FastAPI()
    app.include_router(router)
    async with httpx.AsyncClient(transport=DeclaredProblems(app), base_url="http://test") as client:
        return (await client.get(f"/v1/parcels/{path}")).status_code


async def test_a_problem_that_the_route_declares_is_answered():
    assert await _get("lost") == NotFound.status


async def test_a_problem_that_the_route_does_not_declare_fails_the_test():
    with pytest.raises(AssertionError, match="parcel_changed answered 412 `stale_revision`"):
        await _get("changed")


async def test_what_says_nothing_of_the_route_needs_no_declaration():
    assert await _get("stuck") == Conflict.status


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        ("parcel_list", {"invalid_cursor"}),
        ("parcel_update", {"not_found", "revision_required", "stale_revision", "busy"}),
        (
            "parcel_send",
            {
                "not_found",
                "idempotency_key_required",
                "idempotency_key_reused",
                "idempotency_in_flight",
                "busy",
            },
        ),
    ],
)
def test_a_route_declares_what_its_signature_refuses_with(name, codes):
    common = {"malformed_json", "unauthorized", "forbidden", "invalid_input", "rate_limited"}
    [route] = [one for one in router.routes if one.name == name]
    declared = "; ".join(one["description"] for one in route.responses.values()).split("; ")
    assert {one.split("`")[1] for one in declared} == codes | common
