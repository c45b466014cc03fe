"""Kill -9 of whatever runs, at eight seeded points of the demo's story, once for each transport.

FAULTS_SEED chooses the points, so a failure can be played again: its number is in the test's name.
"""

import os

import pytest

from chassis.storage.bootstrap import in_own_loop
from demonstration.story import Story
from embedded.cluster import EmbeddedCluster
from runner.telling import say
from runner.temporary import Temporary, temporary_installation
from tests.faults.killing import POINTS, Point, Sabotage, Victims, points
from tests.faults.reckoning import (
    Ledgers,
    books_are_right,
    fault_in,
    nothing_lost_and_nothing_twice,
)

SEED = int(os.environ.get("FAULTS_SEED") or 1)
ACTS = 50
"""Requests of the story that change something."""
EVERYBODY = ("erp", "crm", "bridge", "postgres", "kafka")


def told_with_deaths(there: Temporary, chosen: list[Point], victims: Victims) -> None:
    """The story to its good end, and everybody alive again."""
    sabotage = Sabotage(chosen, victims)
    with there.clients(sabotage.through) as clients:
        story = Story(clients)
        story.play()
        sabotage.over()
        story.nothing_left()
        assert sabotage.acts == ACTS
        assert sorted(sabotage.struck, key=lambda point: point.act) == chosen
        books_are_right(clients["erp"])


def survives(transport: str) -> None:
    """The story ends well although somebody dies at eight of its points."""
    with temporary_installation(TRANSPORT=transport) as there, Victims(there) as victims:
        chosen = points(SEED, victims.names, ACTS)
        say("\n    ".join((f"FAULTS_SEED={SEED}", *map(str, chosen))))
        told_with_deaths(there, chosen, victims)
        ledgers = Ledgers(EmbeddedCluster(there.folder / "data", durable=True))
        in_own_loop(nothing_lost_and_nothing_twice(ledgers))
        assert not (fault := fault_in(there.log.read_text("utf-8").splitlines())), fault


@pytest.mark.parametrize("seed", [SEED])
def test_whoever_is_killed_nothing_is_lost_or_done_twice_over_the_feeds(seed):
    """E13, B01, B05, B16, B19, B39, B42, B43: services and PostgreSQL die, every effect is once."""
    survives("feed")


@pytest.mark.kafka
@pytest.mark.parametrize("seed", [SEED])
def test_whoever_is_killed_nothing_is_lost_or_done_twice_over_kafka(seed, kafka_here):
    """B10, B11, B16, B17: the same with a broker among the victims."""
    survives("kafka")


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("victims", [EVERYBODY[:-1], EVERYBODY], ids=["feed", "kafka"])
def test_every_kind_of_victim_dies_at_least_once(seed, victims):
    chosen = points(seed, victims, ACTS)
    assert len({point.act for point in chosen}) == POINTS
    assert {point.victim for point in chosen} == set(victims)
    assert chosen == points(seed, victims, ACTS)
