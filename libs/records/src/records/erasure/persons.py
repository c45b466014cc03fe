"""A person as a whole: erased with one report, or handed out with all that is known.

What is particular of a service, its documents and what it must keep of them, comes from there.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from chassis.ids import uuid7
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from records.entities import Record
from records.erasure.events import ErasedRecord, PersonErased
from records.erasure.outbox import redact_events
from records.erasure.schemas import ErasedPart, ErasureReport, KeptPart, PersonalDataView
from records.erasure.service import (
    LOOKED_FOR,
    erase_added,
    erase_records,
    erase_replies,
    ids_ever,
)
from records.erasure.suppression import past_values
from records.erasure.views import erase_views
from records.reads import View
from records.types import Change, RecordType
from values.phone import Phone

__all__ = [
    "ErasedPerson",
    "RecordKey",
    "added_to",
    "always_kept",
    "erase_persons",
    "personal_data",
    "record_erasure",
    "report_of",
]

E = TypeVar("E", bound=Record)
V = TypeVar("V", bound=View)

_PARTS = ("records", "history", "notes", "attachments", "tags", "import_rows", "saved_views")

RecordKey = tuple[str, UUID]
"""A record: its type and its id."""

_KAFKA = (
    "What brokers and readers of the feed have taken is theirs: it goes with the retention of the "
    "topic, and by the event person-erased."
)
_TOTALS = "Numbers of orders, amounts and debts tell of no person once the record is empty."
_TAGS = "Tags are words of the company that many records bear; the empty record keeps those it had."
_FILES = (
    "Files that were exported, and rows of imports that became no record, are deleted after the "
    "days of {service}_EXPORT_DAYS and {service}_IMPORT_DAYS."
)
_LOGS = "Log lines hold ids and no personal data; backups go with their own retention."


@dataclass(frozen=True)
class ErasedPerson:
    """What was erased: how many rows of what, and how many identifiers stay suppressed.

    `names` of the persons until then: for looking up what is kept, and never to be shown.
    """

    names: Sequence[str]
    counts: Mapping[str, int]
    suppressed: int


async def erase_persons(
    work: Work,
    kind: RecordType[E, V],
    records: Sequence[E],
    *,
    in_events: Collection[str],
    changed: Collection[str] = (),
    kept_links: Sequence[str] = (),
) -> Counter[str]:
    """Empty locked records of persons and all that is kept beside them; how much of what.

    `in_events`: the fields by which events of the type tell of the person. `changed`: others that
    become empty. `kept_links`: systems that go on leading in other fields.
    """
    if not records:
        return Counter()
    ids = await ids_ever(work, kind, [one.id for one in records])
    words = {word for one in records for word in _words(one)}
    words |= {word for _, word in await past_values(work, kind.name, ids, LOOKED_FOR)}
    fresh = [one for one in records if one.erased_at is None]  # type: ignore[attr-defined] # as above
    counts = Counter(await erase_records(work, kind, records, kept_links=kept_links))
    counts.update(await erase_added(work, kind, ids))
    counts["events"] += await redact_events(work.sql, ids, in_events)
    views = await erase_views(work, words)
    counts["saved_views"] += len(views)
    counts["replies"] += await erase_replies(work, views)
    before = dict.fromkeys(sorted({*in_events, *changed, "status"}))
    await kind.publish(work, [Change(one, {}, before=before) for one in fresh])
    return counts


def _words(record: Record) -> list[str]:
    """What somebody would look for the person by."""
    values = [getattr(record, name, "") for name in LOOKED_FOR]
    texts = [(one.raw, one.shown) if isinstance(one, Phone) else (one,) for one in values]
    return [text for of in texts for text in of if text]


async def record_erasure(work: Work, records: Sequence[RecordKey]) -> None:
    """Publish that the persons behind the records were erased."""
    erasure = PersonErased(
        id=uuid7(),
        version=1,
        changed=["erased_at", "records"],
        records=[ErasedRecord(record_type=name, record_id=one) for name, one in records],
        erased_at=work.now,
    )
    await work.record(erasure)


def always_kept(at: Reading) -> list[KeptPart]:
    """What every erasure leaves, and why."""
    service = at.setting.service.upper()
    why = {
        "published_events": _KAFKA,
        "totals": _TOTALS,
        "tags": _TAGS,
        "files": _FILES.format(service=service),
        "logs_and_backups": _LOGS,
    }
    return [KeptPart(what=what, count=None, why=text) for what, text in why.items()]


def report_of(
    work: Work, key: RecordKey, erased: ErasedPerson, kept: Sequence[KeptPart]
) -> ErasureReport:
    """The report of an erasure; `kept` comes before what is always kept."""
    counts = sorted(erased.counts.items())
    return ErasureReport(
        record_type=key[0],
        record_id=key[1],
        erased_at=work.now,
        erased=[ErasedPart(what=what, count=count) for what, count in counts],
        kept=[*kept, *always_kept(work)],
        suppressed=erased.suppressed,
    )


def added_to(known: Sequence[Mapping[str, list[dict[str, Any]]]]) -> list[UUID]:
    """The ids of notes and attachments among what is known: they have events of their own."""
    return [UUID(row["id"]) for one in known for row in (*one["notes"], *one["attachments"])]


def personal_data(
    at: Reading,
    key: RecordKey,
    known: Sequence[Mapping[str, list[dict[str, Any]]]],
    *,
    events: list[dict[str, Any]],
    documents: list[dict[str, Any]],
) -> PersonalDataView:
    """All that is known of a person, put together of what is known of each record."""
    parts = {name: [row for one in known for row in one.get(name, ())] for name in _PARTS}
    return PersonalDataView(
        record_type=key[0],
        record_id=key[1],
        collected_at=at.now,
        events=events,
        documents=documents,
        **parts,
    )
