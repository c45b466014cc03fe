"""The audit log, read by those who may."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from chassis.actor import Actor
from chassis.http.dependencies import InReading, Needs
from chassis.http.paging import PageAsked
from chassis.http.routing import api_router
from chassis.storage.paging import Filter, Page, Sort, fetch_page

__all__ = ["PERMISSION", "audit_router"]

PERMISSION = "audit.read"
_Text = Annotated[str, StringConstraints(min_length=1, max_length=300)]


class AuditEntryView(BaseModel):
    """What somebody did, or was not allowed to do."""

    id: UUID
    position: int = Field(description="Its place in the log, without gaps from 1.")
    occurred_at: datetime = Field(description="When it was entered.")
    act: str = Field(
        description="session.begun, session.ended, session.refused, access.denied, key.created, "
        "key.changed, key.rotated, key.revoked, user.created, user.changed, user.password_changed, "
        "factor.confirmed, factor.changed, factor.removed, factor.recovery_code_used, "
        "export.requested, export.fetched, settings.changed, and others to come."
    )
    actor: str = Field(description="Who: `user:`, `key:` or `token:` and an id; `nobody`.")
    source: str | None = Field(description="The address it came from; null: not by a request.")
    subject: str | None = Field(description="To whom or what, such as `key:` and a UUID.")
    request_id: str | None = Field(description="The request, as its reply and the log name it.")
    details: dict[str, Any] = Field(
        description="What else is known: a changed field with the value before and after; "
        "`times` and `since` of refusals that are counted together."
    )
    correlation_id: UUID | None = Field(
        description="The same in the history of records and in events that belong to the act."
    )
    hash: str = Field(description="SHA-256 in hex of the hash before and of the entry.")


class AuditQuery(BaseModel):
    """Which entries are wanted."""

    act: _Text | None = Field(default=None, description="Only this act, such as `key.revoked`.")
    actor: _Text | None = Field(default=None, description="Only what this actor did.")
    source: _Text | None = Field(default=None, description="Only what came from this address.")
    subject: _Text | None = Field(default=None, description="Only what was done to it.")
    occurred_from: AwareDatetime | None = Field(
        default=None, description="Only entries of this instant and later ones."
    )
    occurred_before: AwareDatetime | None = Field(
        default=None, description="Only entries before this instant."
    )


audit_router = api_router(prefix="/v1/audit-entries", tag="audit")


@audit_router.get("", summary="List entries of the audit log")
async def audit_entry_list(
    wanted: Annotated[AuditQuery, Query()],
    _by: Annotated[Actor, Needs(PERMISSION)],
    asked: PageAsked,
    at: InReading,
) -> Page[AuditEntryView]:
    """Log-ins, refusals, keys, people's rights, exports, settings; the newest first."""
    return await fetch_page(at.sql, asked=asked, where=_filters(wanted), **_LISTED)


def _filters(wanted: AuditQuery) -> list[Filter]:
    return [
        Filter("act = {}", wanted.act),
        Filter("actor = {}", wanted.actor),
        Filter("source = {}", wanted.source),
        Filter("subject = {}", wanted.subject),
        Filter("occurred_at >= {}", wanted.occurred_from),
        Filter("occurred_at < {}", wanted.occurred_before),
    ]


def _view(row: Mapping[str, Any]) -> AuditEntryView:
    return AuditEntryView.model_validate(dict(row))


_LISTED: dict[str, Any] = {
    "columns": "id, position, occurred_at, act, actor, source, subject, request_id, "
    "correlation_id, details, encode(hash, 'hex') as hash",
    "source": "audit_entry",
    "view": _view,
    "sorts": {"position": Sort("position", "bigint")},
    "default": "-position",
}
