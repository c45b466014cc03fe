"""Commands and views of approvals."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from chassis.http.etag import EtagVersion, Revision
from erp.approvals.states import ApprovalKind, ApprovalState
from records.filters import AnyOf
from values.text import Command, Note

__all__ = ["ApprovalQuery", "ApprovalView", "Decide"]


class Decide(Command):
    """Approve or refuse, and say why."""

    note: Note = ""


class ApprovalQuery(BaseModel):
    """Which approvals are wanted."""

    state: Annotated[str, AnyOf(ApprovalState)] | None = None
    subject_id: UUID | None = None


class ApprovalView(BaseModel):
    """A question to somebody who may decide, and the answer."""

    model_config = ConfigDict(from_attributes=True, frozen=True)

    id: UUID
    version: EtagVersion
    revision: Revision
    kind: ApprovalKind
    subject_type: str
    subject_id: UUID
    reason: str
    facts: dict[str, Any]
    asked_by: str
    state: ApprovalState
    decided_by: str | None
    decided_at: datetime | None
    note: str
    created_at: datetime
