"""The history of tags: who made, renamed, archived or merged one, and when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from chassis.work.unit_of_work import Work
from records.history import keep_change
from records.reads import Reads
from records.shown import Shown
from records.tags.queries import TAGS
from records.tags.schemas import TagView

__all__ = ["TAG", "keep_tag_change"]

_EMPTY = {"name": "", "colour": "", "description": "", "status": "", "merged_into": None}


@dataclass(frozen=True)
class KeptTag:
    """How the history of tags is read."""

    reads: Reads[Any] = TAGS
    shown: Mapping[str, Shown] = field(default_factory=dict)
    fields_with_history: Sequence[str] = tuple(_EMPTY)

    @property
    def name(self) -> str:
        """The type in one word."""
        return self.reads.name

    def names_kept_of(self, field_name: str) -> Sequence[str]:
        """How the history names a field."""
        return [field_name]


TAG = KeptTag()


@dataclass(frozen=True)
class _Changed:
    """A tag as it is after a change; each change counts as a version."""

    tag: TagView

    @property
    def id(self) -> UUID:
        return self.tag.id

    @property
    def version(self) -> int:
        return self.tag.version

    @property
    def etag_version(self) -> int:
        return self.tag.version

    def __getattr__(self, name: str) -> Any:
        return getattr(self.tag, name)


def keep_tag_change(work: Work, before: TagView | None, after: TagView) -> None:
    """Keep which fields of a tag became what; `before` is None for a new one."""
    was = dict(_EMPTY) if before is None else {name: getattr(before, name) for name in _EMPTY}
    changes = {name: value for name, value in was.items() if getattr(after, name) != value}
    keep_change(work, TAG.name, _Changed(after), changes)
