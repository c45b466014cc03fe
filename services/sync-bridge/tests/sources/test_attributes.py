"""What is an event, what is not, and how a batch is taken apart."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync_bridge.sources.attributes import Unreadable, read_event, storable
from sync_bridge.sources.batch import envelopes
from sync_bridge.sources.port import (
    PAUSE_SECONDS_MAX,
    SourceError,
    _retry_after_seconds,
    pause_seconds,
)
from tests.sources.publishing import as_json, attributes_of


def test_numbers_may_be_texts_or_numbers():
    """Kafka's headers are texts, the feed's attributes are JSON."""
    as_text = read_event(attributes_of(aggversion="3", hops="1"), b"{}")
    as_number = read_event(attributes_of(aggversion=3, hops=1), b"{}")
    assert (as_text.aggversion, as_text.hops) == (as_number.aggversion, as_number.hops) == (3, 1)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", "0.3"),
        ("specversion", None),
        ("id", "17"),
        ("id", None),
        ("id", ["a"]),
        ("source", "/tandem/erp"),
        ("source", "/tandem/erp/" + "x" * 36),
        ("source", None),
        ("type", "Tandem Erp"),
        ("type", "a." + "b" * 300),
        ("type", None),
        ("subject", "customer 7"),
        ("time", "yesterday"),
        ("time", "2026-01-01T00:00:00"),
        ("time", None),
        ("aggversion", "-1"),
        ("aggversion", "0"),
        ("aggversion", True),
        ("aggversion", 2**63),
        ("hops", 40_000),
        ("hops", None),
        ("origin", "a b"),
        ("origin", "er\x00p"),
        ("correlationid", None),
        ("causationid", "no"),
        ("sequence", "-5"),
        ("sequence", "0"),
    ],
)
def test_an_attribute_that_cannot_be_stored_makes_it_unreadable(attribute, value):
    """B22: and the reason names the attribute, not its content."""
    with pytest.raises(Unreadable) as reason:
        read_event(attributes_of(**{attribute: value}), b"{}")
    assert str(reason.value).startswith(attribute)


def test_what_may_be_missing():
    """A first cause, a broken trace and an unknown place cost nothing but themselves."""
    event = read_event(attributes_of(sequence=None, traceparent="broken"), b"{}")
    assert (event.feed_seq, event.traceparent, event.causationid) == (None, None, None)
    assert read_event(attributes_of(traceparent=None), b"{}").traceparent is None


def test_attributes_of_releases_to_come_are_passed_over():
    """B56: tolerant reading."""
    assert read_event(attributes_of(newattribute="x"), b"{}").aggversion == 1


def test_an_empty_body_is_a_tombstone_and_a_broken_one_is_not():
    assert read_event(attributes_of(), b"").data == b""
    with pytest.raises(Unreadable, match="body is not JSON"):
        read_event(attributes_of(), b'{"a": ')


@pytest.mark.parametrize(
    "dataschema",
    [
        "urn:tandem:event:crm.account-changed.v1",
        "https://crm.example.com/schemas/crm.account-changed.v1.json",
        None,
    ],
)
def test_what_names_the_schema_decides_nothing(dataschema):
    """Records that a broker kept from before name their schemas in another way."""
    attributes = attributes_of()
    attributes.pop("dataschema", None)
    plain = read_event(attributes, b'{"a": 1}')
    named = {"dataschema": dataschema} if dataschema else {}
    assert read_event(attributes | named, b'{"a": 1}') == plain


def test_texts_lose_only_what_the_database_cannot_keep():
    assert storable("a\x00b ü") == "a�b ü"


@given(st.lists(st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4), max_size=5))
def test_a_batch_is_taken_apart_as_json_would(found):
    """B56: the same events, and every byte of the data."""
    for indent in (None, 2):
        text = json.dumps(
            [{"id": str(number), "data": data} for number, data in enumerate(found)],
            indent=indent,
            ensure_ascii=False,
        )
        events = envelopes(text.encode())
        assert [json.loads(event.data) for event in events] == found
        assert [event.attributes["id"] for event in events] == [str(n) for n in range(len(found))]
        assert all(event.raw in text.encode() for event in events)


LURES = ('},{"specversion":"1.0"', ',"data":', "\\", '"}]', "ü")


@given(
    st.lists(
        st.lists(st.dictionaries(st.sampled_from(LURES), st.sampled_from(LURES), max_size=3)),
        min_size=1,
        max_size=4,
    ),
    st.booleans(),
)
def test_a_page_of_our_feed_is_taken_apart_as_any_other(found, nested):
    """What looks like the end of an event within a text or within data is none."""
    wrapped = [{"specversion": "1.0", "data": data} for data in found] if nested else found
    events = [
        {"specversion": "1.0", "id": str(at), "data": data} for at, data in enumerate(wrapped)
    ]
    ours = json.dumps(events, separators=(",", ":"), ensure_ascii=False)
    spread = "[ " + ours[1:]
    assert envelopes(ours.encode()) == envelopes(spread.encode())
    assert [json.loads(one.data) for one in envelopes(ours.encode())] == wrapped


def test_data_keep_digits_and_blanks():
    (event,) = envelopes(
        b"[" + as_json({"id": "1"}, '{"a":  1.100, "n": 12345678901234567890}').encode() + b"]"
    )
    assert event.data == b'{"a":  1.100, "n": 12345678901234567890}'


@pytest.mark.parametrize(
    "text", ["", "{}", "[", "[1]", '[{"a"}]', '[{"a": 1} {"b": 2}]', '[{"a": 1', "[{}", "null"]
)
def test_what_is_no_batch_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        envelopes(text.encode())


def test_an_empty_batch_is_one():
    assert envelopes(b" [ ] ") == []


def test_pauses_grow_stay_bounded_and_obey():
    """B32: full jitter below a cap, and never less than the other side asked for."""
    for failures in (1, 5, 100):
        pauses = [pause_seconds(failures, OSError()) for _ in range(50)]
        assert 0 < min(pauses) <= max(pauses) <= PAUSE_SECONDS_MAX
        assert len(set(pauses)) > 1
    asked = SourceError("busy", retry_after_seconds=7)
    assert pause_seconds(1, asked) > 7


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "3"}, 3.0),
        ({"Retry-After": "99999999"}, 300.0),
        ({"Retry-After": "-4"}, 0.0),
    ],
)
def test_retry_after_is_read_within_reason(header, seconds):
    assert _retry_after_seconds(header) == seconds


def test_retry_after_may_be_a_date():
    past = datetime(2020, 1, 1, tzinfo=UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    assert _retry_after_seconds({"Retry-After": past}) == 0.0
