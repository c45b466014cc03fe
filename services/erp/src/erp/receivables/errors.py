"""Problems of receivables."""

from chassis.problems.problem import Problem

__all__ = [
    "DebtWrittenOff",
    "DuplicateTaxCode",
    "InvoiceDateOrder",
    "NoTaxKnown",
    "NothingToCredit",
    "OverCredited",
]


class InvoiceDateOrder(Problem):
    """An invoice would carry a later number and an earlier day."""

    status = 409
    code = "invoice_date_order"
    title = "An invoice of a later day has been issued"
    detail = (
        "The last {kind} of its series is dated later than {effective_on}, and numbers follow the "
        "days. Date this one the same day or later."
    )


class OverCredited(Problem):
    """More is to be credited than was invoiced."""

    status = 409
    code = "over_credited"
    title = "More than was invoiced"
    detail = "{wanted} of line {position} are to be credited, {left} are left of it."


class NothingToCredit(Problem):
    """The invoice is credited in full, or is no invoice."""

    status = 409
    code = "nothing_to_credit"
    title = "Nothing is left to credit"
    detail = "Nothing of this document is left to credit."


class DuplicateTaxCode(Problem):
    """The code is taken."""

    status = 409
    code = "duplicate_tax_code"
    title = "Another tax has this code"
    detail = "The tax code {tax_code} is taken. A rate never changes: choose a new code."


class DebtWrittenOff(Problem):
    """What was written off would be credited as well: the customer would get what he never paid."""

    status = 409
    code = "debt_written_off"
    title = "Written off already"
    detail = (
        "{written_off} of the invoice are written off, so at most {most} are credited. Take the "
        "write-off back first."
    )


class NoTaxKnown(Problem):
    """Of what was open before our books, the tax is not known here."""

    status = 409
    code = "no_tax_known"
    title = "Its tax is not known"
    detail = (
        "The opening item {number} carries no tax of ours. Write it off without `reclaim_tax`, and "
        "claim the tax by a journal entry."
    )
