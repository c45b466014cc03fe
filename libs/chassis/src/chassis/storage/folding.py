"""How texts are folded, in SQL: for columns, indexes and questions alike."""

from functools import reduce

from sqlalchemy import Index, literal_column

from chassis.storage import search_functions

__all__ = [
    "FUNCTIONS",
    "FUNCTIONS_GONE",
    "KNOWS_ALL_SCRIPTS",
    "folded",
    "number_words",
    "search_index",
    "words_of",
]

FUNCTIONS, FUNCTIONS_GONE = search_functions.SECOND, search_functions.SECOND_GONE
"""The version that the newest migrations have put in place."""

KNOWS_ALL_SCRIPTS = "select search_fold('ÖΣЖ') = search_fold('öςж')"


def folded(*texts: str) -> str:
    """SQL for texts one after the other, folded."""
    return f"search_fold({_argument(words_of(*texts))})"


def words_of(*texts: str) -> str:
    """SQL for texts one after the other, with the parentheses that PostgreSQL would give it.

    Indexes are compared by their wording.
    """
    return reduce(lambda before, text: f"(({before} || ' ') || {text})", texts)


def number_words(column: str) -> str:
    """SQL for the ways to write a document's number: SO-00012, SO00012 and 12."""
    number = _argument(column)
    counted = f"ltrim(regexp_replace({number}, '^.*-', ''), '0')"
    return words_of(column, f"replace({number}, '-', '')", counted)


def _argument(text: str) -> str:
    return text[1:-1] if text.startswith("(") else text


def search_index(name: str, text: str) -> Index:
    """The index of a folded text."""
    return Index(name, literal_column(f"search_grams({text})"), postgresql_using="gin")
