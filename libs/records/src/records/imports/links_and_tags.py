"""What rows give beside the fields of their records: links to other systems, and tags.

What is refused of them refuses the row: nothing of it stays.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import UUID

from chassis.problems.problem import FieldError, Problem, ProblemView
from chassis.problems.standard import InvalidInput
from chassis.work.unit_of_work import Work
from records.imports.cells import EXTERNAL_REFS, ReadRow
from records.imports.resolving import other_links_of
from records.link_batches import link_each
from records.links import LinkRecord, LinkRecords
from records.sheets.kinds import TAGS
from records.tags.service import tags_named
from records.tags.tagging import Tagging, tag_records
from records.types import RecordType

__all__ = ["LinksAndTags"]

T = TypeVar("T")
_NO_TAG = "There is no tag {name}; make it first, or leave it out."


@dataclass(frozen=True)
class LinksAndTags:
    """Makes the links and tags of rows of a type; `view_of` gives problems in the importer's words.

    `system` is that of the import, whose own links are made with the records.
    """

    work: Work
    kind: RecordType[Any, Any]
    system: str
    view_of: Callable[[Problem], ProblemView]

    async def keep(self, rows: Sequence[tuple[UUID, ReadRow]]) -> set[UUID]:
        """Link and tag the records; those whose tags changed. Raises InvalidInput."""
        await self._link(rows)
        return await self._tag(rows)

    async def _link(self, rows: Sequence[tuple[UUID, ReadRow]]) -> None:
        """Make the other links of the rows, as their files say; what is linked so stays."""
        wanted: dict[str, list[LinkRecord]] = {}
        for record_id, row in rows:
            for system, their in other_links_of(row, self.system):
                link = LinkRecord(id=record_id, external_id=their)
                wanted.setdefault(system, []).append(link)
        for system, links in wanted.items():
            command = LinkRecords.model_construct(system=system, items=links)
            reply = await self._refusing(
                EXTERNAL_REFS, link_each(self.work, self.kind, command, view_of=self.view_of)
            )
            for one in reply.items:
                if one.problem:
                    raise _refused(EXTERNAL_REFS, one.problem)

    async def _tag(self, rows: Sequence[tuple[UUID, ReadRow]]) -> set[UUID]:
        """Put the tags of the rows on their records; others that these have stay."""
        wanted: dict[tuple[str, ...], list[UUID]] = {}
        for record_id, row in rows:
            if row.values.get(TAGS):
                wanted.setdefault(tuple(sorted(set(row.values[TAGS]))), []).append(record_id)
        ids = await self._tags({name for names in wanted for name in names})
        changed: set[UUID] = set()
        for names, records in wanted.items():
            tagging = Tagging(add=[ids[name] for name in names])
            act = tag_records(self.work, self.kind.name, records, tagging)
            for record_id, outcome in (await self._refusing(TAGS, act)).items():
                if isinstance(outcome, Problem):
                    raise _refused(TAGS, self.view_of(outcome))
                changed |= {record_id} if outcome else set()
        return changed

    async def _tags(self, names: set[str]) -> Mapping[str, UUID]:
        """The tags by name; who may make tags makes those that are missing."""
        may_make = self.work.actor.may("tags.write")
        ids = await tags_named(self.work, names, make_missing=may_make) if names else {}
        unknown = sorted(names - ids.keys())
        if unknown:
            wrong = [FieldError(f"/{TAGS}", "unknown_tag", _NO_TAG, {"name": unknown[0]})]
            raise InvalidInput(errors=wrong)
        return ids

    async def _refusing(self, field: str, act: Awaitable[T]) -> T:
        """What the act gives; its refusal as one of the field. Raises InvalidInput."""
        try:
            return await act
        except Problem as problem:
            raise _refused(field, self.view_of(problem)) from problem


def _refused(field: str, problem: ProblemView) -> InvalidInput:
    return InvalidInput(errors=[FieldError(f"/{field}", problem.code, problem.detail)])
