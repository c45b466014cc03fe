"""What is refused of goods that are withheld: they are inspected, or were rejected."""

from chassis.problems.problem import Problem

__all__ = ["InspectionPending", "ReceiptWithheld", "SerialWithheld"]


class InspectionPending(Problem):
    """Goods that are being inspected are not released, repacked or sent back beside it."""

    status = 409
    code = "inspection_pending"
    title = "The inspection is not decided"
    detail = "The inspection {number} has {pending} pending. Accept or reject them first."


class ReceiptWithheld(Problem):
    """Goods of a receipt that are pending, or were rejected, are not sent back beside that."""

    status = 409
    code = "receipt_withheld"
    title = "Goods of the receipt are withheld"
    detail = (
        "{quantity} of {sku} are to go back, {free} of the receipt may: {withheld} are pending or "
        "in an open case. Decide about these, or send them back by their case."
    )


class SerialWithheld(Problem):
    """A piece that is being inspected, or was rejected, is not moved."""

    status = 409
    code = "serial_withheld"
    title = "The serial is withheld"
    detail = (
        "The serial {serial} of {sku} is being inspected, or was rejected. "
        "Decide its inspection or its case first, or name another one."
    )
