"""A state has one set of words: in the code, in the database's checks and in the contract."""

import re

import pytest

from sync_bridge.comparisons.schemas import ComparisonView
from sync_bridge.identity.schemas import PairView, ReviewView
from sync_bridge.inbox.schemas import EventView, QuarantineView
from sync_bridge.lanes.schemas import LaneView
from sync_bridge.positions.schemas import FollowedView
from sync_bridge.states import (
    ComparisonState,
    DifferenceKind,
    DifferenceState,
    EventOutcome,
    EventState,
    LaneState,
    LinkOrigin,
    QuarantineState,
    ReviewState,
    SourceState,
    values_text,
)

CHECKS = {
    "ck_lane_state_known": LaneState,
    "ck_inbox_state_known": EventState,
    "ck_inbox_outcome_known": EventOutcome,
    "ck_quarantine_state_known": QuarantineState,
    "ck_pair_how_known": LinkOrigin,
    "ck_review_state_known": ReviewState,
    "ck_comparison_state_known": ComparisonState,
    "ck_difference_kind_known": DifferenceKind,
    "ck_difference_state_known": DifferenceState,
    "ck_source_condition_state_known": SourceState,
}


async def test_the_database_knows_the_same_states(rig):
    rows = await rig.fetch(
        """select conname, pg_get_constraintdef(oid) as said from pg_constraint
          where contype = 'c' and conname = any($1::text[])""",
        list(CHECKS),
    )
    said = {row["conname"]: set(re.findall(r"'(\w+)'::text", row["said"])) for row in rows}
    assert said == {name: set(states) for name, states in CHECKS.items()}


@pytest.mark.parametrize(
    ("view", "field", "states"),
    [
        (LaneView, "state", LaneState),
        (EventView, "state", EventState),
        (QuarantineView, "state", QuarantineState),
        (ReviewView, "state", ReviewState),
        (PairView, "how", LinkOrigin),
        (FollowedView, "state", SourceState),
    ],
)
def test_a_reply_names_every_state(view, field, states):
    described = view.model_fields[field].description
    assert set(states) <= set(re.findall(r"\w+", described))


def test_a_comparison_shows_its_own_states():
    assert ComparisonView.model_fields["state"].annotation is ComparisonState


async def test_a_filter_takes_every_state_and_no_other(rig):
    for path, states in (("lanes", LaneState), ("inbox", EventState), ("reviews", ReviewState)):
        for state in states:
            reply = await rig.bridge.client.get(f"/v1/{path}", params={"state": state})
            assert reply.status_code == 200
        reply = await rig.bridge.client.get(f"/v1/{path}", params={"state": "odd"})
        assert reply.json()["errors"][0]["pointer"] == "/query/state"


def test_states_are_named_as_a_sentence_needs_them():
    assert values_text(QuarantineState) == "open, released or dismissed"
