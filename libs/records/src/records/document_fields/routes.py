"""The routes of the custom fields of one type of documents."""

from uuid import UUID

from fastapi import Response

from chassis.actor import Actor
from chassis.http.dependencies import IfMatch, InReading, InWork
from chassis.http.etag import reply_with
from chassis.http.paging import PageAsked
from chassis.storage.paging import Page
from chassis.storage.reading import Reading
from records.document_fields.schemas import ChangeDocumentFields, DocumentFieldsView
from records.document_fields.service import change_fields, fields_kept
from records.document_types import DocumentType
from records.history_reads import ChangedField, RecordChangeView, history_of
from records.paths import RecordPaths

__all__ = ["document_field_routes"]


def document_field_routes(of: RecordPaths, document: DocumentType) -> None:
    """Put `GET` and `PATCH /{id}/custom-fields`, and their history, onto the router."""
    _get(of)
    _change(of, document)
    _history(of, document)


def _get(of: RecordPaths) -> None:
    async def get(
        record_id: UUID, _by: Actor, at: InReading, response: Response
    ) -> DocumentFieldsView:
        await of.reads.require(at, record_id)
        return await _view(response, at, of.name, record_id)

    text = f"The custom fields of the {of.one}, with an ETag of their own."
    of.add("GET", "custom-fields", "custom_fields_get", text, get, {"_by": of.reader})


def _change(of: RecordPaths, document: DocumentType) -> None:
    async def change(
        record_id: UUID,
        command: ChangeDocumentFields,
        _by: Actor,
        revision: IfMatch,
        work: InWork,
        response: Response,
    ) -> DocumentFieldsView:
        await of.reads.require(work, record_id)
        await of.reads.require_changeable(work, [record_id])
        await change_fields(work, document, record_id, command.custom, revision=revision)
        return await _view(response, work, of.name, record_id)

    text = f"Give the {of.one} values of custom fields, and change nothing else of it."
    types = {"_by": of.writer}
    of.add("PATCH", "custom-fields", "custom_fields_update", text, change, types)


def _history(of: RecordPaths, document: DocumentType) -> None:
    async def history(
        record_id: UUID, _by: Actor, asked: PageAsked, at: InReading, field: ChangedField = None
    ) -> Page[RecordChangeView]:
        return await history_of(at, document, record_id, asked, field=field)

    text = f"Who changed which custom fields of the {of.one} when, the last change first."
    path, types = "custom-fields/history", {"_by": of.reader}
    of.add("GET", path, "custom_fields_history", text, history, types)


async def _view(
    response: Response, at: Reading, record_type: str, record_id: UUID
) -> DocumentFieldsView:
    kept = await fields_kept(at, record_type, record_id)
    facts = {"id": record_id, "version": kept.version, "custom": kept.custom}
    view = DocumentFieldsView.model_validate(facts)
    reply_with(response, view)
    return view
