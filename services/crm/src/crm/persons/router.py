"""Paths by which a person's data is handed out, and erased."""

from typing import Annotated
from uuid import UUID

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from crm.persons import service
from records.erasure.errors import NotAPerson
from records.erasure.schemas import ErasureReport, PersonalDataView

__all__ = ["account_person_router", "contact_person_router"]

Reader = Annotated[Actor, Needs("persons.read")]
Eraser = Annotated[Actor, Needs("persons.erase")]

contact_person_router = api_router(prefix="/v1/contacts", tag="persons")
account_person_router = api_router(prefix="/v1/accounts", tag="persons")


@contact_person_router.get("/{contact_id}/personal-data", responses=refuses(NotFound))
async def contact_personal_data(contact_id: UUID, _by: Reader, at: InReading) -> PersonalDataView:
    """All that is known of the person, for the person: records, history, notes, files, events."""
    return await service.contact_data(at, contact_id)


@contact_person_router.post("/{contact_id}/erase", responses=refuses(NotFound))
async def contact_erase(
    contact_id: UUID, _by: Eraser, _once: OnlyOnce, work: InWork
) -> ErasureReport:
    """Erase the person for good: from the record, its history, notes, files, events and replies.

    The record stays, archived and without personal data. A keyed hash keeps imports from bringing
    the person back. The report says what was erased, and what is kept and why.
    """
    return await service.erase_contact(work, contact_id)


@account_person_router.get("/{account_id}/personal-data", responses=refuses(NotFound, NotAPerson))
async def account_personal_data(account_id: UUID, _by: Reader, at: InReading) -> PersonalDataView:
    """All that is known of a private person who is an account, with the contacts there."""
    return await service.account_data(at, account_id)


@account_person_router.post("/{account_id}/erase", responses=refuses(NotFound, NotAPerson))
async def account_erase(
    account_id: UUID, _by: Eraser, _once: OnlyOnce, work: InWork
) -> ErasureReport:
    """Erase a private person who is an account, with the contacts there. Orders stay."""
    return await service.erase_account(work, account_id)
