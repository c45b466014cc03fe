"""The two routes of a person: what is known of it, and its erasure."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, Protocol
from uuid import UUID

from fastapi import APIRouter, Path

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses as declared
from chassis.problems.problem import Problem
from chassis.problems.standard import NotFound
from chassis.storage import external
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from identity.audit.reading_out import EntersAudit
from records.erasure.schemas import ErasureReport, PersonalDataView, SentErasure
from records.erasure.suppression import identifiers, suppress
from records.senders import FromSystem
from values.external import ExternalId

__all__ = ["ERASE", "PERMISSIONS", "READ", "Eraser", "add_person_routes", "add_sent_erasure"]

READ, ERASE = "persons.read", "persons.erase"
PERMISSIONS = {
    READ: "Get all that is known of a person, for the person.",
    ERASE: "Erase a person for good.",
}

Reader = Annotated[Actor, Needs(READ)]
Eraser = Annotated[Actor, Needs(ERASE)]


def add_person_routes(
    router: APIRouter,
    name: str,
    *,
    data: Callable[[Reading, UUID], Awaitable[PersonalDataView]],
    erase: Callable[[Work, UUID], Awaitable[ErasureReport]],
    data_text: str,
    erase_text: str,
    refuses: Sequence[type[Problem]] = (),
) -> None:
    """`GET /{id}/personal-data` and `POST /{id}/erase` of records that may stand for persons."""

    async def personal_data(
        record_id: UUID,
        _by: Reader,
        _entered: Annotated[None, EntersAudit("person.read_out")],
        at: InReading,
    ) -> PersonalDataView:
        return await data(at, record_id)

    async def erase_person(
        record_id: UUID, _by: Eraser, _once: OnlyOnce, work: InWork
    ) -> ErasureReport:
        return await erase(work, record_id)

    path, why = f"/{{{name}_id}}", declared(NotFound, *refuses)
    of: dict[str, Any] = {"record_id": Annotated[UUID, Path(alias=f"{name}_id")]}
    for method, verb, endpoint, text in (
        ("GET", "personal_data", personal_data, data_text),
        ("POST", "erase", erase_person, erase_text),
    ):
        endpoint.__name__, endpoint.__doc__ = f"{name}_{verb}", text
        endpoint.__annotations__ |= of
        router.add_api_route(
            f"{path}/{verb.replace('_', '-')}", endpoint, methods=[method], responses=why
        )


class EraseSent(Protocol):
    """Erases the record that another system's person is, whatever kind is known of it here."""

    def __call__(
        self, work: Work, record_id: UUID, /, *, is_person: bool
    ) -> Awaitable[ErasureReport]:
        """The report of the erasure."""


def add_sent_erasure(router: APIRouter, name: str, *, erase: EraseSent) -> None:
    """`POST /by-external/{system}/{external_id}/erase`: a person whom another system erased."""

    async def erase_sent(
        system: FromSystem,
        external_id: ExternalId,
        _by: Eraser,
        _once: OnlyOnce,
        work: InWork,
    ) -> SentErasure:
        """Erase the person whom another system erased; once erased, nothing more is done.

        Of a record that is not linked here only a keyed hash of its id is kept, so that what is
        still on its way does not bring the person back.
        """
        known = await external.resolve(work.sql, name, system, external_id)
        if known is None:
            await suppress(work, identifiers(links=[(system, external_id)]))
            return SentErasure(report=None)
        return SentErasure(report=await erase(work, known.entity_id, is_person=True))

    erase_sent.__name__ = f"{name}_erase_sent"
    path = "/by-external/{system}/{external_id}/erase"
    router.add_api_route(path, erase_sent, methods=["POST"], responses=declared())
