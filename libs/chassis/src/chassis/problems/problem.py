"""Problems: what the edge answers instead of a result (RFC 9457).

A problem class carries its status, code, title and text; an instance carries the facts. The
texts are message ids of the translation catalogues; `{fact}` stands for a fact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel, Field

from chassis.texts import Texts

__all__ = [
    "MEDIA_TYPE",
    "FieldError",
    "FieldErrorView",
    "Phrase",
    "Problem",
    "ProblemView",
    "every_problem",
]

MEDIA_TYPE = "application/problem+json"
ERRORS_MAX = 100
"""So many wrong fields are named; who has more mends these first."""


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field: where (JSON Pointer), a stable code, a message id.

    `{fact}` in the message stands for one of the facts.
    """

    pointer: str
    code: str
    message: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Phrase:
    """A sentence within the text of a problem: a message id, and facts of its own."""

    message: str
    facts: Mapping[str, str] = field(default_factory=dict)


class FieldErrorView(BaseModel):
    """One wrong field."""

    pointer: str = Field(description="JSON Pointer to the field in the request.")
    code: str = Field(description="Stable code of what is wrong.")
    message: str = Field(description="What is wrong, in the caller's language.")


class ProblemView(BaseModel):
    """A problem as RFC 9457 writes it."""

    type: str = Field(description="Where the problem type is explained.")
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable code of the problem type.")
    request_id: str = Field(description="Names this request in the logs.")
    errors: list[FieldErrorView] = Field(
        default_factory=list, description="Each wrong field by itself, the first hundred."
    )
    facts: dict[str, Any] = Field(
        default_factory=dict, description="What the detail speaks of, for programs."
    )


class Problem(Exception):
    """A refusal that the caller can understand and act on."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "conflict"
    title: ClassVar[str] = "Conflict"
    detail: ClassVar[str] = "The request does not fit the present state."
    facts_text: ClassVar[str] = ""
    """What the facts are, for the contract, where their names do not say it."""
    retry_after_seconds: ClassVar[int | None] = None

    def __init__(self, *, errors: Sequence[FieldError] = (), **facts: Any) -> None:
        super().__init__(self.code, facts)
        self.errors = errors
        self.facts: Mapping[str, Any] = facts

    def headers(self) -> dict[str, str]:
        """Headers that belong to the answer."""
        wait = self.retry_after_seconds
        return {"Retry-After": str(wait)} if wait is not None else {}

    def view(self, texts: Texts, language: str, request_id: str) -> dict[str, Any]:
        """The problem as the wire takes it."""
        said = {name: one for name, one in self.facts.items() if isinstance(one, Phrase)}
        facts = {name: _plain(self.facts[name]) for name in self.facts if name not in said}
        words = {
            one: texts.text(facts[one], language).replace("_", " ") for one in _WORDS & facts.keys()
        }
        for name, phrase in said.items():
            words[name] = _filled(texts.text(phrase.message, language), phrase.facts)
        return {
            "type": f"/problems/{self.code}",
            "title": texts.text(self.title, language),
            "status": self.status,
            "detail": _filled(texts.text(self.detail, language), facts | words),
            "code": self.code,
            "request_id": request_id,
            "errors": [
                {
                    "pointer": error.pointer,
                    "code": error.code,
                    "message": _filled(texts.text(error.message, language), error.facts),
                }
                for error in self.errors[:ERRORS_MAX]
            ],
            "facts": facts,
        }


_WORDS = frozenset({"entity", "aggregate"})
"""Facts that are words of the business: told in the caller's language, kept as they are beside."""


def _filled(text: str, facts: Mapping[str, Any]) -> str:
    """The text with its facts; a text without facts stands as it is, braces and all."""
    return text.format_map(_Facts(facts)) if facts else text


class _Facts(dict[str, Any]):
    """Leaves a name without a fact as it stands, so that a text never fails."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | int | list | dict) or value is None else str(value)


def every_problem(base: type[Problem] = Problem) -> dict[str, type[Problem]]:
    """Every problem type that is loaded, by code."""
    found = {base.code: base}
    for child in base.__subclasses__():
        found |= every_problem(child)
    return found
