"""What is refused of goods that are withheld: they are inspected, or were rejected."""

from chassis.problems.problem import Problem

__all__ = ["InspectionPending", "SerialWithheld"]


class InspectionPending(Problem):
    """Goods that are being inspected are not released, repacked or sent back beside it."""

    status = 409
    code = "inspection_pending"
    title = "The inspection is not decided"
    detail = "The inspection {number} has {pending} pending. Accept or reject them first."


class SerialWithheld(Problem):
    """A piece that is being inspected, or was rejected, is not moved."""

    status = 409
    code = "serial_withheld"
    title = "The serial is withheld"
    detail = (
        "The serial {serial} of {sku} is being inspected, or was rejected. "
        "Decide its inspection or its case first, or name another one."
    )
