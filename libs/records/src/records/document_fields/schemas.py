"""Custom fields of a document as callers change and see them."""

from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.http.etag import EtagVersion, Revision
from values.text import Command

__all__ = ["ChangeDocumentFields", "DocumentFieldsView"]


class ChangeDocumentFields(Command):
    """Give a document values of custom fields (JSON merge patch); nothing else of it changes."""

    custom: dict[str, Any] = Field(
        max_length=300,
        description="Values of custom fields by key, as `/v1/custom-fields` describes them; null "
        "takes one away, those left out stay.",
    )


class DocumentFieldsView(BaseModel):
    """The custom fields of a document."""

    id: UUID = Field(description="The document's id.")
    version: EtagVersion
    revision: Revision
    custom: dict[str, Any] = Field(
        description="Values of custom fields by key; one that has no value is left out."
    )
