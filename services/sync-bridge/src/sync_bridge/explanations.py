"""Sentences about records and lanes, before they are written in a language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Explanation"]


@dataclass(frozen=True)
class Explanation:
    """A text of the catalogue with its facts; those in `words` are words of the catalogue too."""

    text: str
    facts: Mapping[str, Any]
    words: Mapping[str, str]

    @classmethod
    def of(cls, text: str, words: Mapping[str, str] | None = None, **facts: Any) -> "Explanation":
        """The sentence that the text makes of the facts."""
        return cls(text, facts, words or {})
