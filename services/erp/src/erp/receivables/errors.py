"""What receivables refuse."""

from chassis.http.problems import Problem

__all__ = ["InvoiceDateOrder"]


class InvoiceDateOrder(Problem):
    """An invoice would carry a later number and an earlier day."""

    status = 409
    code = "invoice_date_order"
    title = "An invoice of a later day has been issued"
    detail = (
        "The last invoice of the series {series} is dated {last_on}; numbers follow the days. "
        "Date this one {last_on} or later."
    )
