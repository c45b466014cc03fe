"""The trace of an act: which request, which business process, and how often a bridge carried it."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from chassis.ids import uuid7

__all__ = ["HISTORY_MAX", "IMPORT_ID_HEADER", "MAX_HOPS", "Trace"]

IMPORT_ID_HEADER = "Tandem-Import-Id"
"""Marks a request as a part of an import; its value, a UUID, is the same for the whole import."""

MAX_HOPS = 32
"""Hops beyond this are taken as this: the bridge's limit is far below, so nothing is lost."""

HISTORY_MAX = 2**31 - 1
_TRACEPARENT = re.compile(r"^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")
_REQUEST_ID = re.compile(r"^[A-Za-z0-9._:-]{1,128}\Z")
_ITEM_PARTS = (
    *("traceparent", "tandem-origin", "tandem-correlation-id"),
    *("tandem-causation-id", "tandem-hops", "tandem-history", "tandem-level"),
)
_HOPS = re.compile(r"^[0-9]{1,4}\Z")
_HISTORY = re.compile(r"^[1-9][0-9]{0,9}\Z")
_ORIGIN = re.compile(r"^[a-z][a-z0-9_-]{0,31}\Z")


@dataclass(frozen=True, slots=True)
class Trace:
    """What ties one act to the request, the trace and the business process it belongs to.

    `traceparent` is our own span in W3C form: it continues the caller's trace or starts one.
    `origin` names the service where the process began, None when it begins here.
    `correlation_id` is one for the whole process, `causation_id` the event that led to this act.
    `hops` counts how often a bridge carried the process across. `history` is the one in which the
    version counts of a record that is carried across; None where nobody said. `level`: what is put
    is compared with the record as it is, whatever was sent before. `import_id` is the import that
    the act belongs to, as the sender numbers them. `source` is the address that the request came
    from.
    """

    request_id: str
    traceparent: str
    correlation_id: UUID
    origin: str | None = None
    causation_id: UUID | None = None
    hops: int = 0
    history: int | None = None
    level: bool = False
    import_id: UUID | None = None
    source: str | None = None

    @classmethod
    def new(cls) -> "Trace":
        """A trace of an act that nobody outside asked for."""
        correlation_id = uuid7()
        return cls(
            request_id=str(correlation_id),
            traceparent=_span(secrets.token_hex(16)),
            correlation_id=correlation_id,
        )

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], *, source: str | None = None) -> "Trace":
        """The trace the caller sent; what is missing or malformed is made anew, never refused.

        `headers` is looked up by lower-case names.
        """
        correlation_id = _uuid(headers.get("tandem-correlation-id")) or uuid7()
        request_id = headers.get("x-request-id", "")
        origin = headers.get("tandem-origin", "")
        return cls(
            request_id=request_id if _REQUEST_ID.match(request_id) else str(correlation_id),
            traceparent=_continue(headers.get("traceparent")),
            correlation_id=correlation_id,
            origin=origin if _ORIGIN.match(origin) else None,
            causation_id=_uuid(headers.get("tandem-causation-id")),
            hops=_hops(headers.get("tandem-hops")),
            history=_history(headers.get("tandem-history")),
            level=headers.get("tandem-level") == "1",
            import_id=_uuid(headers.get(IMPORT_ID_HEADER.lower())),
            source=source,
        )

    @classmethod
    def of_items(cls, header: str | None, *, relayed: bool) -> "list[Trace]":
        """The traces of the items of a batch, as `as_item` writes them, joined by commas.

        `relayed`: the sender may say what led to each.
        """
        given = header.split(",") if header else []
        parts = [f"{one};;;;;;".split(";")[: len(_ITEM_PARTS)] for one in given]
        traces = [cls.from_headers(dict(zip(_ITEM_PARTS, one, strict=True))) for one in parts]
        return traces if relayed else [one.begun_here() for one in traces]

    def as_item(self) -> str:
        """The trace, as it stands among those of the items of a batch."""
        causation = str(self.causation_id or "")
        ids = (str(self.correlation_id), causation, str(self.hops), str(self.history or ""))
        level = ("1",) if self.level else ()
        return ";".join((self.traceparent, self.origin or "", *ids, *level))

    def child(self) -> "Trace":
        """The same process seen from a new span: a job, or a call to another service."""
        return replace(self, traceparent=_continue(self.traceparent))

    def begun_here(self) -> "Trace":
        """The same act as the beginning of a process: of what led to it nothing is believed."""
        return replace(self, origin=None, causation_id=None, hops=0, history=None, level=False)

    @property
    def trace_id(self) -> str:
        """The 32 hex digits that are one for the whole distributed trace."""
        return self.traceparent[3:35]

    @property
    def span_id(self) -> str:
        """The 16 hex digits of our own span."""
        return self.traceparent[36:52]

    def headers(self) -> dict[str, str]:
        """The headers that carry this trace to another service."""
        carried = {
            "X-Request-Id": self.request_id,
            "traceparent": self.traceparent,
            "Tandem-Correlation-Id": str(self.correlation_id),
            "Tandem-Hops": str(self.hops),
        }
        if self.origin:
            carried["Tandem-Origin"] = self.origin
        if self.causation_id:
            carried["Tandem-Causation-Id"] = str(self.causation_id)
        if self.history:
            carried["Tandem-History"] = str(self.history)
        if self.level:
            carried["Tandem-Level"] = "1"
        return carried


def _continue(traceparent: str | None) -> str:
    """A new span in the caller's trace; a new trace when theirs is missing or invalid."""
    found = _TRACEPARENT.match(traceparent or "")
    if not found or found[1] == "ff" or not found[2].strip("0") or not found[3].strip("0"):
        return _span(secrets.token_hex(16))
    if found[1] == "00" and found[5]:
        return _span(secrets.token_hex(16))
    return _span(found[2], found[4])


def _span(trace_id: str, flags: str = "01") -> str:
    return f"00-{trace_id}-{secrets.token_hex(8)}-{flags}"


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _hops(text: str | None) -> int:
    return min(int(text), MAX_HOPS) if text and _HOPS.match(text) else 0


def _history(text: str | None) -> int | None:
    return int(text) if text and _HISTORY.match(text) and int(text) <= HISTORY_MAX else None
