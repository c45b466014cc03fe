"""What exports bring into a service that keeps records."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from chassis.service import Module, Schedule
from chassis.texts import Texts
from records.exports import tables
from records.exports.routes import export_router
from records.exports.service import KIND, ExportJob, forget_expired
from records.sheets import tables as files
from records.sheets.at_once import EXPORT
from records.sheets.kinds import RecordSheet

__all__ = ["export_module"]


def export_module(
    sheets: Sequence[RecordSheet], *, locales: Sequence[Path], roles: Sequence[str]
) -> Module:
    """The module for these record types; `roles` are those that may export what they may read."""
    by_name: Mapping[str, RecordSheet] = {one.name: one for one in sheets}
    expiry = f"{KIND}.expiry"
    return Module(
        rights=tables.RIGHTS | files.RIGHTS,
        name="exports",
        routers=(export_router(by_name),),
        tags={"exports": "Records as files, written by a job however many there are."},
        permissions={EXPORT: "Take records that one may read out as files."},
        roles={role: {EXPORT} for role in roles},
        jobs={KIND: ExportJob(by_name, Texts.load(locales)), expiry: forget_expired},
        schedules=(Schedule(expiry, timedelta(hours=1), expiry),),
    )
