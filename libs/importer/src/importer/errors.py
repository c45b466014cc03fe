"""What ends an import, and what ends only a row of it."""

from dataclasses import dataclass

__all__ = ["MappingError", "RowError", "SendingFailed"]


class MappingError(Exception):
    """The mapping or its files cannot be used; each entry says where and what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class SendingFailed(Exception):
    """The API refuses the whole import, or does not answer: no row is to blame."""


@dataclass(frozen=True)
class RowError:
    """Why a row was not taken: which field, which column it came from, what is wrong."""

    row: int
    external_id: str
    field: str
    column: str
    code: str
    message: str
