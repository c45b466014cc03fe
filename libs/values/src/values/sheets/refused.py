"""Why a file cannot be read, or a cell of it has no value."""

from collections.abc import Sequence
from typing import Any

__all__ = ["FileRefused", "Refused"]


class Refused(Exception):
    """Why there is no value: a code, and a text whose `{words}` stand for the facts.

    `str()` is the text in English; who speaks another language translates `text` first.
    """

    def __init__(self, code: str, text: str, /, **facts: Any) -> None:
        super().__init__(text.format(**facts) if facts else text)
        self.code, self.text, self.facts = code, text, facts


class FileRefused(Exception):
    """The whole file cannot be used; each entry says why and what to do."""

    def __init__(self, problems: Sequence[Refused]) -> None:
        super().__init__("\n".join(str(one) for one in problems))
        self.problems = problems
