"""Routes of merging, on each record type that says how it is merged."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Query

from chassis.actor import Actor
from chassis.http.dependencies import IfMatch, InReading, InWork, Needs, OnlyOnce
from chassis.problems.problem import Problem
from records.merging import service
from records.merging.errors import LinkedRecordMustWin, LinkedTwice, MergeKeysCollide
from records.merging.schemas import MergePreview, MergePreviewQuery, MergeRecords, MergeView
from records.paths import RecordPaths
from records.redirects import RecordMerged

__all__ = ["READ", "WRITE", "merge_routes"]

READ, WRITE = "merges.read", "merges.write"

Merger = Annotated[Actor, Needs(WRITE)]


def merge_routes(of: RecordPaths) -> None:
    """`GET /{id}/merge-preview` and `POST /{id}/merge`, where the type can be merged."""
    if of.kind is None or of.kind.merging is None:
        return

    async def merge_preview(
        record_id: UUID,
        wanted: Annotated[MergePreviewQuery, Query()],
        _by: Actor,
        at: InReading,
    ) -> MergePreview:
        return await service.preview(at, of, record_id, wanted)

    async def merge(
        record_id: UUID,
        command: MergeRecords,
        _by: Actor,
        _once: OnlyOnce,
        revision: IfMatch,
        work: InWork,
    ) -> MergeView:
        return await service.merge(work, of, record_id, command, revision=revision)

    text = f"What a merge of another {of.one} into this one would do. Nothing changes."
    reader: dict[str, Any] = {"_by": of.reader}
    of.add("GET", "merge-preview", "merge_preview", text, merge_preview, reader)
    text = (
        f"Merge another {of.one} into this one: all that names it names this one then, and so does "
        "its id. Done before, nothing more is done."
    )
    own = of.kind.merging.refuses
    why: tuple[type[Problem], ...] = (RecordMerged, LinkedTwice, LinkedRecordMustWin, *own)
    why += (MergeKeysCollide,)
    of.add("POST", "merge", "merge", text, merge, {"_by": Merger}, refuses=why)
