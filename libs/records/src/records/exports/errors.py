"""Why an export or its file cannot be had."""

from typing import ClassVar

from chassis.problems.problem import Problem

__all__ = ["NoExportFile"]


class NoExportFile(Problem):
    """The file is not written yet, or is there no more."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "no_export_file"
    title: ClassVar[str] = "The export has no file"
    detail: ClassVar[str] = (
        "The export is {state}. Its file is there when it is done, until it expires; "
        "then ask for a new export."
    )
