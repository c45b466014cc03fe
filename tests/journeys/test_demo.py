"""`make demo`: the story is played to its good end, over the feeds and over Kafka."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

CROSSINGS = 13
"""Six of customers and products, seven of an order on its way from the seller to the bank."""

pytestmark = pytest.mark.xdist_group("make-run")


def make_demo(**choices):
    plain = {name: value for name, value in os.environ.items() if "DATABASE_URL" not in name}
    return subprocess.run(
        [sys.executable, str(ROOT / "deploy/local/demo.py")],
        env=plain | choices,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def assert_good_end(told):
    assert told.returncode == 0, told.stdout + told.stderr
    assert told.stdout.count(" ms") == CROSSINGS
    assert "4 reserved, 6 waiting" in told.stdout
    assert "927.5 CNY paid of 927.5" in told.stdout
    assert "nothing is parked, nothing waits" in told.stdout
    assert "The halves agree." in told.stdout


def test_the_halves_agree_over_the_feeds():
    assert_good_end(make_demo())


@pytest.mark.kafka
def test_the_halves_agree_over_kafka(kafka_here):
    """The same story over a real broker, which the demo brings along itself."""
    assert_good_end(make_demo(TRANSPORT="kafka"))


def test_an_unknown_transport_is_explained():
    told = make_demo(TRANSPORT="pigeon")
    assert told.returncode == 2
    assert "TRANSPORT=pigeon is unknown: write TRANSPORT=feed or TRANSPORT=kafka" in told.stderr


def test_an_unknown_set_of_data_is_explained():
    told = make_demo(DATA="southwind")
    assert told.returncode == 2
    assert "DATA=southwind is unknown: write DATA=northwind" in told.stderr


def test_a_number_of_days_that_is_none_is_explained(tmp_path):
    told = make_demo(DATA="northwind", DAYS="many", TANDEM_SHARED=str(tmp_path))
    assert told.returncode == 2
    assert "DAYS=many is no number of days: write DAYS=30" in told.stderr


def test_a_set_that_is_not_there_is_explained(tmp_path):
    told = make_demo(DATA="northwind", TANDEM_SHARED=str(tmp_path))
    assert told.returncode == 2
    assert "set TANDEM_SHARED to the folder" in told.stderr
