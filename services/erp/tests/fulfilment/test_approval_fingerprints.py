"""What changes after its approval is approved no more; what is the same is not asked again."""

from dataclasses import replace
from uuid import uuid4

import asyncpg
import pytest

from approvals.rules.matching import fingerprint_of
from approvals.service import asking, deciding
from approvals.subjects import Request
from chassis.actor import Actor
from erp.approvals.service import APPROVALS

BOSS = Actor(kind="key", id=str(uuid4()), name="boss", scopes=frozenset({"sales.approve"}))


def request(subject_id, **content):
    return Request(
        kind="credit",
        subject_id=subject_id,
        reason="credit",
        facts={},
        fingerprint=fingerprint_of(content),
    )


async def approved(erp, wanted):
    async with erp.database.transaction() as work:
        asked = await asking.request_approval(work, APPROVALS, wanted)
    # The order of this id is not there: what it would do is no matter of the engine.
    async with erp.database.transaction(actor=BOSS) as work:
        work.handlers = {}
        await deciding.approve(work, APPROVALS, asked, "Seen.")
    return asked


async def test_a_change_after_the_approval_voids_it_and_the_same_content_keeps_it(erp):
    """E71, C28: the fingerprint says what was approved; decisions stay as they were made."""
    subject = uuid4()
    first = request(subject, price="10.00", quantity="2")
    asked = await approved(erp, first)
    async with erp.database.transaction() as work:
        assert await asking.void_changed(work, "credit", subject, first.fingerprint) == 0
        assert await asking.request_approval(work, APPROVALS, first) == asked
        found = await asking.approved_measures(work, "credit", subject)
        assert found == {first.fingerprint: {}}
    changed = request(subject, price="9.00", quantity="2")
    async with erp.database.transaction() as work:
        assert await asking.void_changed(work, "credit", subject, changed.fingerprint) == 1
        assert await asking.approved_measures(work, "credit", subject) == {}
        again = await asking.request_approval(work, APPROVALS, changed)
        assert again != asked
    async with erp.database.driver() as sql:
        state = "select state, decided_by from approval where id = $1"
        assert tuple(await sql.fetchrow(state, asked)) == ("voided", BOSS.reference)
        count = "select count(*) from approval_decision where approval_id = $1"
        assert await sql.fetchval(count, asked) == 1
        with pytest.raises(asyncpg.RestrictViolationError):
            await sql.execute("update approval set state = 'approved' where id = $1", asked)


async def test_a_pending_question_about_what_changed_is_voided_as_well(erp):
    subject = uuid4()
    async with erp.database.transaction() as work:
        first = request(subject, price="10.00")
        asked = await asking.request_approval(work, APPROVALS, first)
        assert await asking.request_approval(work, APPROVALS, first) == asked
        assert await asking.void_changed(work, "credit", subject, "") == 1
        assert await asking.request_approval(work, APPROVALS, first) != asked


async def test_only_what_has_no_rule_and_need_not_be_asked_goes_on(erp):
    """Kinds that are not always asked about need an approval where a rule matches, else none."""
    credit = replace(APPROVALS.subjects[0], always=False)
    sometimes = replace(APPROVALS, subjects=(credit,))
    async with erp.database.transaction() as work:
        wanted = request(uuid4(), price="1.00")
        assert await asking.request_approval(work, sometimes, wanted) is None
