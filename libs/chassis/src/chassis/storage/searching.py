"""Searching by words: how texts are folded, and the filters that find them.

Texts and questions are folded by one function of the database, so they cannot disagree, whoever
writes: case of all scripts, width, accents and punctuation make no difference. A folded text is
words with a blank before each. Its index holds pieces of words: every three signs; of what is not
ASCII also every two and each one; and how words begin. So short words of Chinese are looked up
as well, and neither the server's locale nor its trigrams are asked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import asyncpg
from sqlalchemy import Column, ForeignKey, MetaData, Table, Text, Uuid

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage import search_functions
from chassis.storage.folding import search_index
from chassis.storage.paging import Filter

__all__ = ["Kept", "Related", "Searched", "containing", "having", "having_words", "words_of"]

_WORDS = (
    "select distinct word from regexp_split_to_table(search_fold($1), ' ') word where word <> ''"
)
_PHONE = re.compile(r"\s*(?=[+(0（０＋])(?:[\s()（）＋+./-]*\d){7,20}\s*")
_PHONE_TAIL = 8
"""What different spellings of one number end with."""
_SHORT = 3
_LOOKED_UP = 2
"""Words of a question that are looked up where a record has several texts; all are tested."""


@dataclass(frozen=True)
class Kept:
    """The text that a table's rows are found by, in a table beside it, `<table>_search`.

    `text` is SQL that reads the row as `new`; only a change of `columns` writes it.
    """

    table: str
    columns: str
    text: str

    @property
    def statements(self) -> tuple[str, ...]:
        """The function and the triggers that keep it."""
        return search_functions.kept_beside(self.table, self.columns, self.text)

    def beside(self, metadata: MetaData) -> Table:
        """The table that holds the texts."""
        name, record = f"{self.table}_search", f"{self.table}.id"
        return Table(
            name,
            metadata,
            Column(
                f"{self.table}_id", Uuid, ForeignKey(record, ondelete="CASCADE"), primary_key=True
            ),
            Column("search", Text, nullable=False),
            search_index(f"ix_{name}_search", "search"),
        )

    def of(self, column: str, *, lines: str = "", record: str = "", of: str = "") -> "Related":
        """The text of the row to which a column of the list, or of its lines, refers."""
        name, key = f"{self.table}_search", f"{self.table}_id"
        return Related(name, column, id=key, lines=lines, record=record, of=of)

    def searched(self) -> "Searched":
        """A list of the table's rows."""
        key = f"{self.table}.id"
        return Searched("", self.table, key, [self.of(key)])


@dataclass(frozen=True)
class Related:
    """The text of another table's rows, to which a column of the listed records refers.

    With `lines` the column is that of the records' lines, whose `record` is the listed record's
    key, or `of` it.
    """

    table: str
    column: str
    text: str = "search"
    id: str = "id"
    lines: str = ""
    record: str = ""
    of: str = ""

    def read(self, key: str) -> str:
        """SQL for the text of one listed record."""
        if self.lines:
            rows = f"{self.lines} join {self.table} on {self.table}.{self.id} = {self.column}"
            return (
                f"coalesce((select string_agg({self.text}, '') from {rows}"
                f" where {self.record} = {self.of or key}), '')"
            )
        row = f"select {self.text} from {self.table} where {self.id} = {self.column}"
        return f"coalesce(({row}), '')"

    def looked_up(self, key: str, words: str) -> str:
        """The condition that the text has the words: SQL for rows of a pattern and its pieces."""
        found = self._found(words)
        if self.lines:
            return f"{self.of or key} in (select {self.record} from {self.lines} where {found})"
        return found

    def records(self, words: str) -> str | None:
        """SQL for the listed records themselves, where the lines of one text name them."""
        if not self.lines or self.of:
            return None
        return f"select {self.record} from {self.lines} where {self._found(words)}"

    def _found(self, words: str) -> str:
        rows = f"select {self.id} from {self.table} where {_has(self.text, words)}"
        # An array, because the planner takes it for a few rows and uses the column's index.
        return f"{self.column} = any(array({rows}))"


@dataclass(frozen=True)
class Searched:
    """The texts of a list's records: their own, which is folded SQL, and those of related rows.

    `source` and `key` are those of the list; they are needed beside related texts.
    """

    own: str = ""
    source: str = ""
    key: str = "id"
    related: Sequence[Related] = ()
    indexed: bool = True

    @property
    def text(self) -> str:
        """SQL for all texts of a record."""
        return " || ".join(
            [self.own] * bool(self.own) + [one.read(self.key) for one in self.related]
        )

    def found(self, words: list[list[str]]) -> Filter:
        """The records whose texts have all words: each is its pattern, and its pieces.

        Among several texts only the longest two are looked up, and a short one alone: half of
        all names may have it.
        """
        one_text = not self.own and len(self.related) == 1 and not self.related[0].lines
        if not one_text and self.related:
            longest_first = sorted(words, key=len, reverse=True)[:_LOOKED_UP]
            words = [one for one in longest_first if len(one) > _SHORT] or longest_first[:1]
        longest = max(map(len, words))
        # Arrays of arrays are rectangular: pieces repeat.
        even = [word + word[1:2] * (longest - len(word)) for word in words]
        if one_text:
            return Filter(self.related[0].looked_up(self.key, "({0}::text[])[:]"), even)
        if not self.related:
            return Filter(_has(self.own, "({0}::text[])[:]"), even)
        texts = [*([None] if self.own else []), *self.related]
        ways = [self._way(texts_of) for texts_of in product(texts, repeat=len(words))]
        return Filter(f"{self.key} = any(array({' union all '.join(ways)}))", even)

    def _way(self, texts: Sequence[Related | None]) -> str:
        """The records that have each word in the text that stands at its place."""
        only = texts[0]
        if len(texts) == 1 and only and (records := only.records("({0}::text[])[1:1]")):
            return records
        conditions = []
        for text in dict.fromkeys(texts):
            places = [at for at, other in enumerate(texts, 1) if other == text]
            together = not (text and text.lines) and len(places) == len(texts)
            slices = ["1:" + str(len(texts))] if together else [f"{at}:{at}" for at in places]
            for one in slices:
                words = f"({{0}}::text[])[{one}]"
                conditions.append(
                    text.looked_up(self.key, words) if text else _has(self.own, words)
                )
        return f"select {self.key} from {self.source} where {' and '.join(conditions)}"

    @property
    def weight(self) -> int:
        """How many times the test of one text the test of a record takes."""
        return sum(2 if one.lines else 1 for one in self.related) or 1


def _has(text: str, words: str) -> str:
    """The condition that a text has the words, by its index first."""
    return f"search_grams({text}) @> {words}[2:] and {text} like all({words}[1:1])"


async def containing(
    sql: "asyncpg.Connection[Any]", q: str | None, searched: Searched
) -> list[Filter]:
    """The filter of records whose texts contain each word of the question, in whatever order.

    A word of one or two ASCII signs is the beginning of a word. Raises what `words_of` raises.
    """
    return [] if q is None else [having_words(searched, await words_of(sql, q))]


async def words_of(sql: "asyncpg.Connection[Any]", q: str) -> list[list[str]]:
    """The words of a question as `Searched` takes them: of each its pattern, and its pieces.

    Raises InvalidInput for a question without a letter or digit.
    """
    words = [
        _pattern_and_pieces(row["word"]) for row in await sql.fetch(_WORDS, _number_dialled(q))
    ]
    if words:
        return words
    wrong = FieldError("/query/q", "nothing_to_search", "Name at least one letter or digit.")
    raise InvalidInput(errors=[wrong])


def having_words(searched: Searched, words: list[list[str]]) -> Filter:
    """The filter of records whose texts contain each of the words."""
    by_index = searched.found(words) if searched.indexed else None
    test, patterns = f"{searched.text} like all({{}}::text[])", [one[0] for one in words]
    rest = by_index is not None and len(by_index.value) < len(words)
    return Filter(test, patterns, by_index, searched.weight, is_rest=rest)


def _number_dialled(q: str) -> str:
    """What a phone number ends with, however it is written; other questions as they are."""
    if not _PHONE.fullmatch(q):
        return q
    return "".join(sign for sign in q if sign.isdecimal())[-_PHONE_TAIL:]


def having(kept: Kept, word: str) -> Filter | None:
    """Those whose kept text has the pieces of a word; None: it has too few signs."""
    return kept.searched().found([_pattern_and_pieces(word)]) if _is_inside(word) else None


def _is_inside(word: str) -> bool:
    return len(word) >= _SHORT or not word.isascii()


def _pattern_and_pieces(word: str) -> list[str]:
    if len(word) >= _SHORT:
        return [f"%{word}%", *(word[at : at + 3] for at in range(len(word) - 2))]
    return [f"%{word}%", word] if _is_inside(word) else [f"% {word}%", f"^{word}"]
