"""Who logged in as oneself, or tried to: read by the person from the audit log."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from chassis.http.dependencies import InReading
from chassis.http.paging import PageAsked
from chassis.http.routing import api_router
from chassis.storage.paging import Filter, Page, Sort, fetch_page
from identity.session_routes import PersonOrNobody

__all__ = ["own_login_router"]


class LoginView(BaseModel):
    """A log-in as the person who calls, or attempts of one kind that were refused."""

    id: UUID
    occurred_at: datetime = Field(description="When it was entered (UTC).")
    succeeded: bool = Field(description="True: a session was begun.")
    reason: str | None = Field(
        description="Why it was refused: `refused` (the password), `code_missing` and "
        "`second_factor` (the password was right: change it if that was not you), `throttled`."
    )
    times: int = Field(description="How many such attempts are counted together.")
    source: str | None = Field(description="The address it came from.")


own_login_router = api_router(prefix="/v1/me/logins", tag="sessions")


@own_login_router.get("", response_model=Page[LoginView], summary="List log-ins as oneself")
async def me_login_list(
    person: PersonOrNobody, reading: InReading, page: PageAsked
) -> Page[LoginView]:
    """Log-ins with one's own login and refused attempts, the newest first. A key has none."""
    subject = Filter("subject = {}", f"user:{person}")
    return await fetch_page(reading.sql, asked=page, where=[subject, *_ACTS], **_LISTED)


def _view(row: Mapping[str, Any]) -> LoginView:
    return LoginView.model_validate(dict(row))


_ACTS = (Filter("act = any({}::text[])", ["session.begun", "session.refused"]),)

_LISTED: dict[str, Any] = {
    "columns": "id, position, occurred_at, act = 'session.begun' as succeeded, source,"
    " details ->> 'reason' as reason, coalesce((details ->> 'times')::integer, 1) as times",
    "source": "audit_entry",
    "view": _view,
    "sorts": {"position": Sort("position", "bigint")},
    "default": "-position",
}
