"""Searching all records of a service at once.

Numbers and ids of other systems are looked up first, for all types by one statement; then each
type is asked for the words, as its list would be; one statement more reads what is shown of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import Forbidden, InvalidInput
from chassis.storage.conditions import Numbered, all_of
from chassis.storage.reading import Reading
from chassis.storage.searching import Related, words_of
from records.paths import RecordPaths
from records.search.schemas import RecordHit, RecordHits, RecordSearch, SearchResult

__all__ = ["search"]

_NUMBERED = "select '{name}' as type, {key} as id from {source} where {number} = any($1::text[])"
_LINKED = """with recursive known(entity_type, system) as (
    select t.entity_type, (select min(r.system) from external_reference r
        where r.entity_type = t.entity_type) from unnest($1::text[]) t(entity_type)
    union all select k.entity_type, (select min(r.system) from external_reference r
        where r.entity_type = k.entity_type and r.system > k.system)
      from known k where k.system is not null)
  select r.entity_type as type, r.entity_id as id from known k
    join external_reference r on r.entity_type = k.entity_type and r.system = k.system
  where r.external_id = $2 order by 1, 2 limit 50"""
"""The systems of each type are found by their index, one after the other: there are a few."""


@dataclass(frozen=True)
class _Found:
    """Ids of a type's records that were found; `exact`: why those were, that have it exactly."""

    of: RecordPaths
    exact: Mapping[UUID, str]
    others: Sequence[UUID]

    @property
    def ids(self) -> list[UUID]:
        return [*self.exact, *self.others]


async def search(
    at: Reading, types: Mapping[str, RecordPaths], wanted: RecordSearch
) -> SearchResult:
    """The records that the actor may see and that have the words, or exactly the number or id.

    Raises InvalidInput (nothing to search, an unknown type), Forbidden for a type that is named
    and that the actor may not read.
    """
    chosen = _chosen(at, types, wanted.types)
    words = await words_of(at.sql, wanted.q)
    exact = await _exact(at, chosen, wanted.q.strip())
    found = []
    for of in chosen:
        known = exact.get(of.name, {})
        others = await of.reads.newest_with(at, words, wanted.limit + 1, without=known)
        found.append(_Found(of, known, others))
    shown = await _shown(at, [one for one in found if one.ids], [word[0] for word in words])
    groups = [_group(one, shown[one.of.name], wanted.limit) for one in found if one.ids]
    groups = [one for one in groups if one.items]
    return SearchResult(groups=sorted(groups, key=lambda one: not _is_exact(one.items[0])))


def _chosen(
    at: Reading, types: Mapping[str, RecordPaths], named: str | None
) -> Sequence[RecordPaths]:
    """The types that are named; else all that the actor may read."""
    searched = {name: of for name, of in types.items() if of.reads.searched}
    if named is None:
        return [of for of in searched.values() if at.actor.may(of.read)]
    names = [name.strip() for name in named.split(",")]
    if not searched.keys() >= set(names):
        facts = {"expected": ", ".join(f"'{name}'" for name in searched)}
        text = "Write one of: {expected}."
        raise InvalidInput(errors=[FieldError("/query/types", "literal_error", text, facts)])
    for name in names:
        if not at.actor.may(searched[name].read):
            raise Forbidden(scope=searched[name].read)
    return [of for name, of in searched.items() if name in names]


async def _exact(at: Reading, chosen: Sequence[RecordPaths], q: str) -> dict[str, dict[UUID, str]]:
    """Ids of records that have exactly this number, or this id in another system, by type."""
    found: dict[str, dict[UUID, str]] = {}
    linked = {_entity_of(of): of.name for of in chosen if _is_linked(of)}
    for row in await at.sql.fetch(_LINKED, list(linked), q):
        found.setdefault(linked[row["type"]], {})[row["id"]] = "external_id"
    numbered = [
        _NUMBERED.format(
            name=of.name, key=of.reads.key, source=of.reads.source, number=of.reads.number
        )
        for of in chosen
        if of.reads.number
    ]
    if numbered:
        spellings = [q, q.upper(), q.lower()]
        for row in await at.sql.fetch(" union all ".join(numbered), spellings):
            found.setdefault(row["type"], {})[row["id"]] = "number"
    return found


def _is_linked(of: RecordPaths) -> bool:
    return "external_refs" in of.reads.view.model_fields


def _entity_of(of: RecordPaths) -> str:
    """The name that links to other systems have for the type: its table's."""
    table, _, _ = of.reads.key.rpartition(".")
    return table or of.reads.source


async def _shown(
    at: Reading, found: Sequence[_Found], patterns: Sequence[str]
) -> dict[str, dict[UUID, RecordHit]]:
    """What is shown of the records that the actor may see, by type and id."""
    shown: dict[str, dict[UUID, RecordHit]] = {one.of.name: {} for one in found}
    if not found:
        return shown
    values = Numbered()
    words = f"{values.value(list(patterns))}::text[]"
    parts = []
    for one in found:
        reads = one.of.reads
        title, subtitle = reads.titles
        conditions = [f"{reads.key} = any({values.value(one.ids)}::uuid[])"]
        conditions += [values.condition(hidden) for hidden in reads.conditions(at)]
        parts.append(
            f"select '{one.of.name}' as type, {reads.key} as id, {title} as title,"
            f" coalesce({subtitle}, '') as subtitle, {_reason(one.of, words)} as found_by"
            f" from {reads.source}{all_of(conditions)}"
        )
    for row in await at.sql.fetch(" union all ".join(parts), *values.values):
        shown[row["type"]][row["id"]] = RecordHit.model_validate(dict(row))
    return shown


def _reason(of: RecordPaths, words: str) -> str:
    """SQL that says whose text has all the words."""
    whens = [f"when {text} like all({words}) then '{reason}'" for reason, text in _texts_of(of)]
    return f"case {' '.join(whens)} else 'several' end"


def _texts_of(of: RecordPaths) -> Iterator[tuple[str, str]]:
    """The texts that records of the type are searched by, each with the word for it."""
    searched = of.reads.searched
    if searched is None:
        return
    if searched.own:
        yield "text", searched.own
    for one in searched.related:
        yield _word_for(one, searched.key), one.read(searched.key)


def _word_for(text: Related, key: str) -> str:
    """Whose text it is: the record's own, kept beside it, or that of another type."""
    if text.column == key and not text.lines:
        return "text"
    table, _, _ = text.table.partition(" ")
    return table.removesuffix("_search")


def _group(one: _Found, shown: Mapping[UUID, RecordHit], limit: int) -> RecordHits:
    """The first records of a type, the exact ones before the others."""
    hits = [
        shown[key].model_copy(update={"found_by": reason})
        for key, reason in one.exact.items()
        if key in shown
    ]
    hits += [shown[key] for key in one.others if key in shown]
    return RecordHits(
        type=one.of.name,
        path=one.of.router.prefix,
        has_more=len(hits) > limit,
        items=hits[:limit],
    )


def _is_exact(hit: RecordHit) -> bool:
    return hit.found_by in {"number", "external_id"}
