"""What imports bring into a service that keeps records."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from chassis.service import Module, Schedule
from chassis.texts import Texts
from records.imports.job import ImportJob
from records.imports.routes import import_router, mapping_router
from records.imports.service import IMPORT, KIND, UNDO, forget_expired
from records.imports.tables import RIGHTS
from records.imports.undo import UndoJob
from records.sheets.kinds import RecordSheet

__all__ = ["import_module"]

UNDONE = "select, insert, update, delete"
"""Rights on records that are not put away: taking an import back deletes those that it made."""


def import_module(
    sheets: Sequence[RecordSheet], *, locales: Sequence[Path], roles: Sequence[str]
) -> Module:
    """The module for these record types; `roles` are those that may import what they may write."""
    by_name: Mapping[str, RecordSheet] = {one.name: one for one in sheets}
    merged = [one.name for one in sheets if one.kind is not None and one.kind.merging is not None]
    deleted = [one.name for one in sheets if one.takes_away is None and one.name not in merged]
    expiry, texts = f"{KIND}.expiry", Texts.load(locales)
    return Module(
        rights=RIGHTS | dict.fromkeys(deleted, UNDONE),
        name="imports",
        routers=(import_router(by_name), mapping_router()),
        tags={
            "imports": "Records brought as files: checked, written, undone.",
            "import-mappings": "Which column is which field, kept for files of one kind.",
        },
        permissions={IMPORT: "Bring records that one may write as files, and undo that."},
        roles={role: {IMPORT} for role in roles},
        jobs={
            KIND: ImportJob(by_name, texts),
            UNDO: UndoJob(by_name, texts),
            expiry: forget_expired,
        },
        schedules=(Schedule(expiry, timedelta(hours=1), expiry),),
    )
