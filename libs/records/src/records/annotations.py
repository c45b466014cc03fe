"""What people add to records and documents: one line for each type gives it all."""

from records.attachments.routes import attachment_routes
from records.document_fields.routes import document_field_routes
from records.merging.routes import merge_routes
from records.notes.routes import note_routes
from records.paths import RecordPaths
from records.tags.routes import tag_routes
from records.timeline import timeline_route

__all__ = ["annotate"]


def annotate(of: RecordPaths) -> None:
    """Let people write notes on the records, attach files, tag, merge, and see what happened.

    Documents get their custom fields by it as well.
    """
    note_routes(of)
    attachment_routes(of)
    tag_routes(of)
    timeline_route(of)
    merge_routes(of)
    if of.documents:
        document_field_routes(of, of.documents)
