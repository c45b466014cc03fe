"""How approvals of the ERP are found; their routes are the library's."""

from approvals.queries import approval_reads
from approvals.routes.delegations import delegation_router
from approvals.routes.questions import add_question_routes
from approvals.routes.rules import rule_router
from chassis.http.routing import api_router
from erp import searched
from erp.approvals.service import APPROVALS
from records.paths import RecordPaths
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet

__all__ = ["LISTS", "approval_delegation_router", "approval_router", "approval_rule_router"]

approval_router = api_router(prefix="/v1/approvals", tag="approvals")
READS = approval_reads(
    APPROVALS,
    searched=searched.APPROVALS,
    title="""coalesce((select o.number from sales_order o where o.id = approval.subject_id),
      (select o.number from purchase_order o where o.id = approval.subject_id))""",
    subtitle="approval.reason",
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
