"""What ends an import, and what ends only a row of it."""

from dataclasses import dataclass

__all__ = ["MappingError", "Refused", "RowError", "SendingFailed"]


class MappingError(Exception):
    """The mapping or its files cannot be used; each entry says where and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SendingFailed(Exception):
    """The API refuses the whole import, or does not answer: no row is to blame."""


class Refused(Exception):
    """Why a field has no value; becomes a RowError where the row is known."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class RowError:
    """Why a row was not taken: which field, which column it came from, what is wrong."""

    row: int
    external_id: str
    field: str
    column: str
    code: str
    message: str
