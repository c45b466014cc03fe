"""How approvals of the CRM are found; their routes are the library's."""

from collections.abc import Sequence

from approvals.queries import approval_reads, own_only
from approvals.routes.delegations import delegation_router
from approvals.routes.questions import add_question_routes
from approvals.routes.rules import rule_router
from chassis.http.routing import api_router
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import reach, searched
from crm.approvals.service import APPROVALS
from records.paths import RecordPaths
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = [
    "LISTS",
    "READS",
    "approval_delegation_router",
    "approval_router",
    "approval_rule_router",
]

_OWN = own_only(APPROVALS, f"{reach.ALL}.read")


def _visible(at: Reading) -> Sequence[Filter]:
    """Who asked, who is or was asked, and who reaches all records (C66)."""
    return () if reach.reaches_all(at.actor, "read") else _OWN(at)


approval_router = api_router(prefix="/v1/approvals", tag="approvals")
READS = approval_reads(
    APPROVALS,
    visible=_visible,
    searched=searched.APPROVALS,
    title="(select q.number from quote q where q.id = approval.subject_id)",
    subtitle="(select q.name from quote q where q.id = approval.subject_id)",
)
APPROVAL = RecordPaths(approval_router, READS, "approval", APPROVALS.read, APPROVALS.decide)
add_question_routes(approval_router, APPROVALS, APPROVAL)
approval_rule_router = rule_router(APPROVALS)
approval_delegation_router = delegation_router(APPROVALS)

LISTS = (
    add_export(
        approval_router,
        RecordSheet(name="approval", reads=READS, read=APPROVALS.read, tagged=False),
        "approvals",
    ),
)
"""What leaves as files."""
