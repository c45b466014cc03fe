"""How approvals of the CRM are read, and who sees them."""

from collections.abc import Sequence

from approvals.queries import approval_reads, own_only
from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import reach, searched
from crm.approvals.service.asking import APPROVALS

__all__ = ["READS"]

_OWN = own_only(APPROVALS, f"{reach.ALL}.read")


def _visible(at: Reading) -> Sequence[Filter]:
    """Who asked, who is or was asked, and who reaches all records (C66)."""
    return () if reach.reaches_all(at.actor, "read") else _OWN(at)


READS = approval_reads(
    APPROVALS,
    visible=_visible,
    searched=searched.APPROVALS,
    title="(select q.number from quote q where q.id = approval.subject_id)",
    subtitle="(select q.name from quote q where q.id = approval.subject_id)",
)
"""What waits for a decision, and what was decided."""
