"""Why an import is not begun, or not undone."""

from typing import ClassVar

from chassis.problems.problem import Problem

__all__ = ["FileTooLarge", "ImportBusy", "ImportFileRefused", "MappingNameTaken", "NotDeletable"]


class ImportBusy(Problem):
    """The import is not in a state for that."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "import_state"
    title: ClassVar[str] = "Not at this point of the import"
    detail: ClassVar[str] = (
        "The import is {state}. A draft or a checked import is run; one that ran, and runs no "
        "more, is undone."
    )


class ImportFileRefused(Problem):
    """The file cannot be read."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "import_file_refused"
    title: ClassVar[str] = "The file cannot be read"
    detail: ClassVar[str] = "The file {file_name} cannot be read as it is; `errors` say why."


class FileTooLarge(Problem):
    """The file is longer than the setting allows."""

    status: ClassVar[int] = 413
    code: ClassVar[str] = "import_file_too_large"
    title: ClassVar[str] = "The file is too large"
    detail: ClassVar[str] = "A file may have {limit} bytes. Split it into several."


class MappingNameTaken(Problem):
    """Two mappings of one person for one record type cannot have one name."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "mapping_name_taken"
    title: ClassVar[str] = "You have a mapping of this name"
    detail: ClassVar[str] = "You have a mapping {name} already. Choose another name, or delete it."


class NotDeletable(Problem):
    """A record that others refer to, or that belongs to the books, is not deleted."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "not_deletable"
    title: ClassVar[str] = "The record stays"
    detail: ClassVar[str] = (
        "This {entity} stays: other records refer to it, or records of its type are never deleted."
    )
