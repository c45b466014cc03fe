"""What people add to records and documents: one line for each type gives it all."""

from records.notes.routes import note_routes
from records.paths import RecordPaths

__all__ = ["annotate"]


def annotate(of: RecordPaths) -> None:
    """Let people write notes on the records: `/{id}/notes` on the router of their type."""
    note_routes(of)
