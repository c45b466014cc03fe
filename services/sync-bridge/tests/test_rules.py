"""The bridge's pure rules: order, refusals, pauses, keys, matching, marks."""

import random
from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_bridge.identity.digests import digest
from sync_bridge.identity.matching import Candidate, candidate_of, result_of_search
from sync_bridge.inbox.rules.positions import gapless_position
from sync_bridge.lanes.rules.keys import idempotency_key
from sync_bridge.lanes.rules.queue import QueueStep, next_step
from sync_bridge.lanes.rules.retry import Verdict, backoff_seconds, verdict_on

SECOND = timedelta(seconds=1)
PATIENCE = timedelta(seconds=2)
SUBJECT = uuid4()


@dataclass(frozen=True)
class Line:
    """An event in a lane, for the rule."""

    aggversion: int
    type: str = "a"
    age: timedelta = timedelta()
    is_state: bool = False
    history: int = 1

    @property
    def version(self):
        return self.history, self.aggversion


def step(applied, *events):
    applied = applied if isinstance(applied, tuple) else (1, applied)
    return next_step(events, applied=applied, patience=PATIENCE)


def test_versions_already_applied_are_passed_over():
    """B20: agg_version <= applied is acknowledged as a no-op."""
    assert step(3, Line(2), Line(3)) == QueueStep(stale=(0, 1))
    assert step(3, Line(3), Line(4)) == QueueStep(stale=(0,), deliver=1)


def test_a_missing_version_is_waited_for_and_then_jumped():
    """B20: > applied+1 waits a bounded time, then a event with the whole state may jump."""
    assert step(1, Line(3, age=SECOND)) == QueueStep(gap=SECOND)
    assert step(1, Line(3, age=PATIENCE)) == QueueStep(deliver=0, skipped_versions=True)
    assert step(0, Line(7)) == QueueStep(gap=PATIENCE)


def test_the_newest_of_a_gapless_run_stands_for_all():
    assert step(0, Line(1), Line(2), Line(3)) == QueueStep(superseded=(0, 1), deliver=2)
    assert step(0, Line(1), Line(3)) == QueueStep(deliver=0)
    assert step(0, Line(1), Line(2, type="b")) == QueueStep(deliver=0)
    assert step(0, Line(1), Line(1)) == QueueStep(superseded=(0,), deliver=1)


def test_nothing_is_waited_for_in_front_of_a_state():
    """It stands for every version before it; what follows it keeps its order."""
    state = Line(7, is_state=True)
    assert step(0, state) == QueueStep(deliver=0, skipped_versions=True)
    three = QueueStep(superseded=(0, 1), deliver=2, skipped_versions=True)
    assert step(0, Line(2), Line(5), state) == three
    assert step(0, state, Line(7), Line(8)) == three
    assert step(0, state, Line(9)) == QueueStep(deliver=0, skipped_versions=True)
    assert step(7, state, Line(9)) == QueueStep(stale=(0,), gap=PATIENCE)
    assert step(8, state, Line(9)) == QueueStep(stale=(0,), deliver=1)
    assert step(0, Line(2, type="b"), state) == QueueStep(gap=PATIENCE)


def test_an_empty_lane_has_no_next_event():
    assert step(0) == QueueStep()


def test_in_a_later_history_a_lower_version_is_newer():
    """A restored sender counts again from less; nothing that is gone is waited for or delivered."""
    later = Line(3, history=2)
    assert step((1, 9), later) == QueueStep(deliver=0, skipped_versions=True)
    assert step((2, 3), later, Line(4, history=2)) == QueueStep(stale=(0,), deliver=1)
    assert step((2, 1), Line(9), later) == QueueStep(stale=(0,), gap=PATIENCE)
    assert step((1, 8), Line(9), later) == QueueStep(deliver=0)


VERSIONS = st.tuples(st.integers(1, 3), st.integers(1, 9))


@given(st.lists(VERSIONS, max_size=8), st.tuples(st.integers(1, 3), st.integers(0, 9)))
def test_every_event_is_stale_or_delivered_in_order(versions, applied):
    """B20: whatever came, no version is delivered after a newer one, and none is lost."""
    waiting = [
        Line(version, history=history, age=PATIENCE) for history, version in sorted(versions)
    ]
    carried, at = [], applied
    while waiting:
        now = step(at, *waiting)
        gone = {*now.stale, *now.superseded}
        if now.deliver is not None:
            gone.add(now.deliver)
            at = waiting[now.deliver].version
            carried.append(at)
        waiting = [one for place, one in enumerate(waiting) if place not in gone]
    assert carried == sorted(carried)
    assert at == max([applied, *versions])


@pytest.mark.parametrize(
    ("status", "code", "verdict"),
    [
        (200, "", Verdict.DONE),
        (201, "", Verdict.DONE),
        (408, "", Verdict.RETRY),
        (409, "idempotency_in_flight", Verdict.RETRY),
        (409, "busy", Verdict.RETRY),
        (425, "", Verdict.RETRY),
        (429, "", Verdict.RETRY),
        (500, "internal_error", Verdict.RETRY),
        (503, "database_unavailable", Verdict.RETRY),
        (401, "unauthorized", Verdict.PAUSE),
        (403, "forbidden", Verdict.PAUSE),
        (409, "duplicate_tax_id", Verdict.REMATCH),
        (409, "already_linked", Verdict.REMATCH),
        (409, "conflict", Verdict.PARK),
        (400, "malformed_json", Verdict.PARK),
        (404, "not_found", Verdict.PARK),
        (410, "gone", Verdict.PARK),
        (412, "stale_revision", Verdict.PARK),
        (422, "invalid_input", Verdict.PARK),
        (302, "", Verdict.PARK),
    ],
)
def test_what_an_answer_means(status, code, verdict):
    """B31: the table of what is retried and what is not."""
    assert verdict_on(status, code) is verdict


@given(st.integers(1, 100), st.floats(0.1, 60), st.integers())
def test_a_pause_is_jittered_under_a_capped_bound(attempts, cap, seed):
    """B32: full jitter, cap."""
    pause = backoff_seconds(attempts, cap_seconds=cap, chance=random.Random(seed))
    assert 0 <= pause <= min(cap, 0.2 * 2 ** min(attempts, 30))


def test_retry_after_is_the_least_pause():
    """B32: Retry-After is obeyed."""
    assert backoff_seconds(1, cap_seconds=1, retry_after_seconds=7) >= 7


def test_pauses_grow():
    spread = [
        max(backoff_seconds(n, cap_seconds=30, chance=random.Random(s)) for s in range(200))
        for n in (1, 4, 8)
    ]
    assert spread == sorted(spread)
    assert spread[-1] > 20


def test_the_key_says_what_is_done():
    """B39: the same deed has the same key, another deed another one."""
    deed = {
        "bridge": uuid4(),
        "causes": [f"{uuid4()}@1"],
        "target": "erp",
        "action": "upsert",
        "revision": 1,
    }
    key = idempotency_key(**deed)
    assert key == idempotency_key(**deed)
    others = {
        "bridge": uuid4(),
        "causes": [f"{uuid4()}@1"],
        "target": "crm",
        "action": "link",
        "revision": 2,
    }
    assert all(idempotency_key(**(deed | {name: value})) != key for name, value in others.items())


def found(linked_to=None):
    return Candidate(uuid4(), "Elm", "tax_id", linked_to)


def test_one_free_certain_find_is_the_twin():
    """B51, B52: certain and single is joined; all else is for a person, or none."""
    one, other = found(), found()
    assert result_of_search([one], [], subject=SUBJECT).twin == one.id
    assert result_of_search([one, other], [], subject=SUBJECT).candidates == (one, other)
    assert result_of_search([], [one], subject=SUBJECT).candidates == (one,)
    nothing = result_of_search([], [], subject=SUBJECT)
    assert (nothing.twin, nothing.candidates) == (None, ())


def test_a_find_linked_elsewhere_is_no_twin():
    """B52: a certain one is shown to a person, a likely one is someone else."""
    taken = found(linked_to="someone")
    assert result_of_search([taken], [], subject=SUBJECT).candidates == (taken,)
    assert result_of_search([], [taken], subject=SUBJECT).candidates == ()


def test_a_find_linked_to_the_record_itself_is_the_twin():
    mine = found(linked_to=str(SUBJECT))
    assert result_of_search([found(), found()], [mine], subject=SUBJECT).twin == mine.id


def test_what_a_candidate_shows():
    record = {
        "id": str(uuid4()),
        "number": "C-1",
        "name": "Elm",
        "external_refs": [
            {"system": "shop", "external_id": "1"},
            {"system": "crm", "external_id": "2"},
        ],
    }
    seen = candidate_of(record, why="email", sender="crm")
    assert (seen.label, seen.linked_to, seen.plain()["why"]) == ("C-1 Elm", "2", "email")


def test_a_shadow_does_not_depend_on_order():
    """B45: equal content, equal hash."""
    assert digest({"a": 1, "b": {"c": 2, "d": 3}}) == digest({"b": {"d": 3, "c": 2}, "a": 1})
    assert digest({"a": 1}) != digest({"a": "1"})


@given(st.sets(st.integers(1, 30)), st.integers(0, 30))
def test_the_mark_is_the_end_of_the_gapless_part(positions, mark):
    ahead = sorted(p for p in positions if p > mark)
    reached = gapless_position(mark, [(p, timedelta()) for p in ahead], patience=PATIENCE)
    assert all(p in positions for p in range(mark + 1, reached + 1))
    assert reached + 1 not in positions


def test_a_position_that_never_comes_is_given_up():
    seen = [(4, timedelta(seconds=5)), (5, timedelta(seconds=5)), (9, timedelta(seconds=1))]
    assert gapless_position(1, seen, patience=PATIENCE) == 5
