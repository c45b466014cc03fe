"""What custom fields bring into a service that keeps records."""

from collections.abc import Collection, Sequence
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, status

from chassis.actor import Actor
from chassis.http.dependencies import IfMatch, InWork, Needs
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.service import Module
from records.custom.tables import RIGHTS
from records.custom_fields.errors import (
    BreaksRecords,
    CustomFieldInUse,
    CustomFieldKeyTaken,
    TooManyCustomFields,
)
from records.custom_fields.events import CustomFieldChanged
from records.custom_fields.models import CustomFieldColumns
from records.custom_fields.schemas import ChangeCustomField, NewCustomField
from records.custom_fields.service import (
    FieldType,
    FieldUse,
    custom_field_type,
    delete_field,
    field_states,
)
from records.routes import RecordRoutes

__all__ = ["custom_field_module"]

READ, MANAGE = "custom_fields.read", "custom_fields.manage"
CustomFieldId = Annotated[UUID, Path(alias="custom_field_id")]


def custom_field_module(
    entity: type[CustomFieldColumns],
    *,
    readers: Collection[str],
    uses: Sequence[FieldUse] = (),
) -> Module:
    """The module of the fields that `entity` keeps.

    `readers`: the roles that see which fields there are; `uses`: what else may name fields, and so
    keeps them from being deleted.
    """
    return Module(
        rights=RIGHTS,
        name="custom_fields",
        routers=(_router(custom_field_type(entity), uses),),
        tags={"custom-fields": "What records have beyond what the product gives them."},
        permissions={
            READ: "See which custom fields records have.",
            MANAGE: "Define, change, archive and delete custom fields.",
        },
        roles={role: {READ} for role in readers},
        tables=(entity,),  # type: ignore[arg-type] # mapped by the service
        events=(CustomFieldChanged,),
        states={CustomFieldChanged: field_states(entity)},
    )


def _router(kind: FieldType, uses: Sequence[FieldUse]) -> APIRouter:
    router = api_router(prefix="/v1/custom-fields", tag="custom-fields")
    fields: RecordRoutes[Any, Any] = RecordRoutes(
        router, kind, one="custom field", many="custom fields", read=READ, write=MANAGE
    )
    fields.list("Custom fields, by their position.")
    fields.create(
        NewCustomField,
        "Let records of a type have a field more.",
        refuses=(CustomFieldKeyTaken, TooManyCustomFields, BreaksRecords),
    )
    fields.get()
    fields.history()
    fields.change(ChangeCustomField, refuses=(BreaksRecords,))
    fields.archive(
        "Take no more values of the field; those that records have stay.",
        "Take values of the field again.",
        refuses=(BreaksRecords,),
    )

    @router.delete(
        "/{custom_field_id}",
        status_code=status.HTTP_204_NO_CONTENT,
        responses=refuses(NotFound, CustomFieldInUse),
    )
    async def custom_field_delete(
        custom_field_id: CustomFieldId,
        _by: Annotated[Actor, Needs(MANAGE)],
        revision: IfMatch,
        work: InWork,
    ) -> None:
        """Delete a custom field that nothing uses and no record has a value of."""
        await delete_field(work, kind, custom_field_id, uses, revision=revision)

    return router
