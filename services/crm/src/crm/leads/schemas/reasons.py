"""What callers ask of reasons to give leads up, and what they see."""

from datetime import datetime
from uuid import UUID

from pydantic import Field

from chassis.http.etag import EtagVersion, Revision
from records.custom.fields import CustomValues, CustomView
from records.filters import Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.text import Code, Line, Name, Status, unset

__all__ = ["ChangeLeadReason", "LeadReasonQuery", "LeadReasonView", "NewLeadReason"]


class NewLeadReason(CustomValues):
    """Add a reason why leads are given up."""

    code: Code
    name: Name


class ChangeLeadReason(CustomValues):
    """Change a reason (JSON merge patch); its code stays, leads name it."""

    name: Name = Field(default_factory=unset)


class LeadReasonView(CustomView):
    """A reason why leads are given up."""

    id: UUID
    code: str
    name: str
    status: Status
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class LeadReasonQuery(Tagged):
    """Which reasons are wanted."""

    q: Line | None = Field(default=None, description="Words of code or name; also pinyin.")
    status: Statuses | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)
