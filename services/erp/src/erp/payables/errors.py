"""Problems of payables."""

from chassis.problems.problem import Problem

__all__ = ["BillAlreadyReversed", "BillCredited", "BillPaid", "BillWithoutLines", "DuplicateBill"]


class DuplicateBill(Problem):
    """The supplier's number was entered before."""

    status = 409
    code = "duplicate_bill"
    title = "This bill was entered before"
    detail = "The supplier's bill {supplier_number} of {year} is entered already. Check the number."


class BillAlreadyReversed(Problem):
    """The bill was taken back before."""

    status = 409
    code = "bill_reversed"
    title = "This bill is taken back already"
    detail = "The supplier's bill {supplier_number} is taken back already. Enter it anew."


class BillPaid(Problem):
    """Payments have settled the bill, in part or in full."""

    status = 409
    code = "bill_paid"
    title = "This bill is paid, at least in part"
    detail = (
        "{settled} of the supplier's bill {supplier_number} are paid. Release the payments from "
        "it first, then take it back."
    )


class BillWithoutLines(Problem):
    """A bill of goods that an earlier release entered does not say which lines it billed."""

    status = 409
    code = "bill_without_lines"
    title = "The bill does not say what it billed"
    detail = (
        "The supplier's bill {supplier_number} was entered by a release that did not keep its "
        "lines, so they cannot be billed anew. Correct it by a credit of the supplier."
    )


class BillCredited(Problem):
    """The supplier credited goods of the bill, because they went back."""

    status = 409
    code = "bill_credited"
    title = "Goods of this bill are credited"
    detail = (
        "Goods of the supplier's bill {supplier_number} went back and are credited. Take the "
        "supplier's credit note back first."
    )
