"""What the CRM lets be approved, and asking for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from approvals.rule_schemas import ApprovalTrial, TryApproval
from approvals.service import asking, trying
from approvals.states import FactKind
from approvals.subjects import Approvals, Fact, Request, Subject
from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.approvals.states import ApprovalKind

__all__ = [
    "APPROVALS",
    "Asked",
    "is_approved",
    "needs_approval",
    "request_approval",
    "try_approval",
    "void_changed",
    "void_outdated",
    "withdraw_own",
    "withdraw_requests",
]

_MANAGERS = """with recursive up as (
    select t.id, t.parent_id, 0 as level from staff_member s join team t on t.id = s.team_id
     where s.id = {0}
    union select t.id, t.parent_id, up.level + 1 from up join team t on t.id = up.parent_id),
  manager as (select m.id, up.level from up join staff_member m on m.team_id = up.id
      join local_user v on v.id = m.id and v.active and 'sales_manager' = any(v.roles)
     where m.id <> {0})
  select id from manager where level = (select min(level) from manager)"""
"""Sales managers of the user's team, other than the user; else of the nearest team above."""

QUOTE = Subject(
    kind=ApprovalKind.QUOTE,
    record_type="quote",
    facts={
        "percent": FactKind.NUMBER,
        "line_percent": FactKind.NUMBER,
        "total": FactKind.AMOUNT,
        "margin_percent": FactKind.NUMBER,
        "team_id": FactKind.TEXT,
        "pipeline_id": FactKind.TEXT,
        "segment": FactKind.TEXT,
        "industry": FactKind.TEXT,
    },
    met_unknown=frozenset({"margin_percent"}),
)
"""A quote: what is off the list prices, on all and at most on a line; what it comes to, and what is
left of it after costs: where a cost is missing, every rule on the margin is met. Of which team, of
a deal of which pipeline, for an account of which segment and industry."""

APPROVALS = Approvals(
    subjects=(QUOTE,), read="quotes.read", decide="quotes.approve", managers=_MANAGERS
)

_PENDING = """select id from approval where kind = $1 and subject_id = $2 and state = 'pending'
  order by created_at desc, id desc limit 1"""


@dataclass(frozen=True)
class Asked:
    """What is asked about a quote. `facts`: for people; `measures`: for rules.

    `fingerprint`: says the same as long as what is approved is the same.
    """

    quote_id: UUID
    facts: Mapping[str, Any]
    measures: Mapping[str, Fact]
    currency: str
    fingerprint: str

    def as_request(self) -> Request:
        """As the engine takes it."""
        return Request(
            kind=ApprovalKind.QUOTE,
            subject_id=self.quote_id,
            reason="quote",
            facts=self.facts,
            measures=self.measures,
            currency=self.currency,
            fingerprint=self.fingerprint,
        )


async def needs_approval(at: Reading, asked: Asked) -> bool:
    """Whether a rule wants it to be approved."""
    return await asking.needs_approval(at, APPROVALS, asked.as_request())


async def is_approved(at: Reading, asked: Asked) -> bool:
    """Whether it is approved as it is now, and as what rules ask about it is now."""
    return await asking.is_approved(at, APPROVALS, asked.as_request())


async def request_approval(work: Work, asked: Asked) -> UUID | None:
    """Ask whom the rules name; the approval, None where none is needed. The quote is locked."""
    return await asking.request_approval(work, APPROVALS, asked.as_request())


async def try_approval(at: Reading, asked: Asked) -> ApprovalTrial:
    """Who would approve it, if the caller asked now."""
    facts = {name: None if one is None else str(one) for name, one in asked.measures.items()}
    command = TryApproval(kind=ApprovalKind.QUOTE, facts=facts, currency=asked.currency)
    return await trying.try_approval(at, APPROVALS, command)


async def void_outdated(work: Work, asked: Asked) -> None:
    """Void what was asked or approved of the locked quote where it was judged as another one."""
    await asking.void_outdated(work, APPROVALS, asked.as_request())


async def void_changed(work: Work, fingerprints: Mapping[UUID, str]) -> None:
    """Void what was asked or approved of quotes as they were before ("": whatever it was)."""
    await asking.void_all_changed(work, ApprovalKind.QUOTE, fingerprints)


async def withdraw_own(work: Work, quote_id: UUID) -> None:
    """Withdraw the question that one asked. Raises NotFound (nothing waits), NotYourRequest."""
    pending = await work.sql.fetchval(_PENDING, ApprovalKind.QUOTE, quote_id)
    if pending is None:
        raise NotFound(entity="approval", id=quote_id)
    await asking.withdraw(work, APPROVALS, pending)


async def withdraw_requests(work: Work, quote_id: UUID) -> None:
    """What waits about a quote need not be decided any more; the quote is locked."""
    await asking.withdraw_requests(work, quote_id)
