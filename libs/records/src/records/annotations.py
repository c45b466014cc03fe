"""What people add to records and documents: one line for each type gives it all."""

from records.attachments.routes import attachment_routes
from records.notes.routes import note_routes
from records.paths import RecordPaths
from records.tags.routes import tag_routes
from records.timeline import timeline_route

__all__ = ["annotate"]


def annotate(of: RecordPaths) -> None:
    """Let people write notes on the records, attach files, tag them, and see what happened."""
    note_routes(of)
    attachment_routes(of)
    tag_routes(of)
    timeline_route(of)
