"""The trace of an act: what is continued, what is made anew."""

from uuid import uuid4

import pytest

from chassis.telemetry.trace import MAX_HOPS, Trace

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_the_callers_trace_goes_on_in_a_span_of_our_own():
    """B43: the trace crosses the services."""
    trace = Trace.from_headers({"traceparent": PARENT})
    assert trace.trace_id == "0af7651916cd43dd8448eb211c80319c"
    assert trace.span_id != "b7ad6b7169203331"
    assert trace.traceparent.endswith("-01")


def test_an_unsampled_trace_stays_unsampled():
    assert Trace.from_headers({"traceparent": PARENT[:-1] + "0"}).traceparent.endswith("-00")


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "nonsense",
        PARENT.upper(),
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        "ff" + PARENT[2:],
        PARENT + "-more",
        PARENT + "\n",
    ],
)
def test_an_invalid_traceparent_starts_a_new_trace(traceparent):
    trace = Trace.from_headers({"traceparent": traceparent})
    assert trace.trace_id not in traceparent.lower()
    assert len(trace.traceparent) == 55


def test_a_later_version_of_traceparent_is_read_as_far_as_we_know_it():
    trace = Trace.from_headers({"traceparent": "01" + PARENT[2:] + "-more"})
    assert trace.trace_id == "0af7651916cd43dd8448eb211c80319c"


def test_the_bridges_headers_are_kept():
    """B43, B47: origin, correlation, cause and hops survive each crossing."""
    correlation, cause = uuid4(), uuid4()
    trace = Trace.from_headers(
        {
            "x-request-id": "req-1",
            "tandem-origin": "crm",
            "tandem-correlation-id": str(correlation),
            "tandem-causation-id": str(cause),
            "tandem-hops": "2",
        }
    )
    assert (trace.request_id, trace.origin, trace.hops) == ("req-1", "crm", 2)
    assert (trace.correlation_id, trace.causation_id) == (correlation, cause)
    sent = trace.headers()
    again = Trace.from_headers({name.lower(): value for name, value in sent.items()})
    assert again.headers() | {"traceparent": ""} == sent | {"traceparent": ""}


@pytest.mark.parametrize(
    ("hops", "taken"),
    [("0", 0), ("3", 3), ("9999", MAX_HOPS), ("-1", 0), ("1e3", 0), ("9" * 5000, 0), ("", 0)],
)
def test_hops_are_a_small_number_whatever_is_sent(hops, taken):
    assert Trace.from_headers({"tandem-hops": hops}).hops == taken


@pytest.mark.parametrize("name", ["x-request-id", "tandem-origin"])
@pytest.mark.parametrize("value", ["two words", "new\nline", "é", "x" * 129, ""])
def test_an_unfit_name_is_not_taken_over(name, value):
    trace = Trace.from_headers({name: value})
    assert trace.origin is None
    assert trace.request_id == str(trace.correlation_id)


def test_a_bad_correlation_id_is_replaced():
    trace = Trace.from_headers({"tandem-correlation-id": "1", "tandem-causation-id": "2"})
    assert trace.correlation_id.version == 7
    assert trace.causation_id is None
    assert "Tandem-Causation-Id" not in trace.headers()


def test_a_child_keeps_the_process_and_has_its_own_span():
    trace = Trace.new()
    child = trace.child()
    assert child.trace_id == trace.trace_id
    assert child.span_id != trace.span_id
    assert child.correlation_id == trace.correlation_id


def test_traces_of_items_are_read_as_they_are_written():
    """B47, B58: each item of a batch keeps its cause, its process and its hops."""
    one = Trace.from_headers(
        {
            "traceparent": f"00-{'a' * 32}-{'b' * 16}-01",
            "tandem-origin": "crm",
            "tandem-correlation-id": str(uuid4()),
            "tandem-causation-id": str(uuid4()),
            "tandem-hops": "1",
            "tandem-history": "7",
            "tandem-level": "1",
        }
    )
    other = Trace.new()
    read = Trace.of_items(f"{one.as_item()},{other.as_item()},odd", relayed=True)
    assert [(t.trace_id, t.correlation_id, t.origin, t.causation_id, t.hops) for t in read[:2]] == [
        (t.trace_id, t.correlation_id, t.origin, t.causation_id, t.hops) for t in (one, other)
    ]
    assert (read[2].hops, read[2].causation_id) == (0, None)
    assert [(t.history, t.level) for t in read] == [(7, True), (None, False), (None, False)]
    assert one.headers()["Tandem-Level"] == "1"
    assert not one.begun_here().level
    assert [t.history for t in Trace.of_items(one.as_item(), relayed=False)] == [None]
    assert Trace.of_items(None, relayed=True) == Trace.of_items("", relayed=True) == []
