"""What payables refuse."""

from chassis.http.problems import Problem

__all__ = ["DuplicateBill"]


class DuplicateBill(Problem):
    """The supplier's number was entered before."""

    status = 409
    code = "duplicate_bill"
    title = "This bill was entered before"
    detail = "The supplier's bill {supplier_number} of {year} is entered already. Check the number."
