"""Why records are not exported at once."""

from typing import ClassVar

from chassis.problems.problem import Problem

__all__ = ["ExportTooLarge"]


class ExportTooLarge(Problem):
    """So many records are not read within a request."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "export_too_large"
    title: ClassVar[str] = "Too many records for one reply"
    detail: ClassVar[str] = (
        "There are more than {limit} of these records. Narrow the filters, or have them written "
        "by a job: POST /v1/exports."
    )
