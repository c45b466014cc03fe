"""What inspection plans and inspections refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "DuplicatePlan",
    "InspectionNeeded",
    "MoreThanPending",
    "MoreThanToShip",
    "NoCharacteristics",
    "NoPlan",
    "NoSuchSample",
    "NotBeforeShipment",
    "NothingPending",
    "OverlappingPlan",
    "PendingChanged",
    "PieceNotAccepted",
    "PlanFixed",
    "ResultsMissing",
    "ReversedPlanDays",
    "SampleFailed",
    "SerialNotPending",
]


class DuplicatePlan(Problem):
    """A plan of that code has the label."""

    status = 409
    code = "duplicate_inspection_plan"
    title = "There is this inspection plan already"
    detail = (
        "The plan {plan} has the revision {label} already: {existing_id}. Choose another label."
    )


class NoCharacteristics(Problem):
    """What is active says what is looked at."""

    status = 422
    code = "no_characteristics"
    title = "There are no characteristics"
    detail = "The inspection plan {plan} {label} has no characteristics. Add one first."


class OverlappingPlan(Problem):
    """Two active plans would count for the same goods on one day."""

    status = 409
    code = "overlapping_inspection_plan"
    title = "Another inspection plan counts for these goods"
    detail = (
        "The inspection plan {plan} {label} ({existing_id}) counts for the same goods on one of "
        "these days. End or archive it first, or choose other days."
    )


class PlanFixed(Problem):
    """The content of a plan in use never changes."""

    status = 409
    code = "inspection_plan_fixed"
    title = "This inspection plan is fixed"
    detail = (
        "The inspection plan {plan} {label} was activated: its content stays. "
        "Make a new revision of it."
    )


class ReversedPlanDays(Problem):
    """A period that ends before it begins."""

    status = 422
    code = "reversed_inspection_plan_days"
    title = "The inspection plan ends before it begins"
    detail = (
        "effective_to {effective_to} lies before effective_from {effective_from}. "
        "Swap or correct them."
    )


class InspectionNeeded(Problem):
    """Goods leave that are to be inspected before, and were not accepted."""

    status = 409
    code = "inspection_needed"
    title = "These goods are inspected before they leave"
    detail = (
        "{quantity} of {sku} are to leave, {accepted} were accepted for the line {line}. Open an "
        "inspection of the line (POST /v1/inspections) and accept the rest first."
    )


class MoreThanPending(Problem):
    """A verdict is about more than is pending."""

    status = 409
    code = "more_than_pending"
    title = "Not so many are pending"
    detail = "{decided} are decided about, the inspection {number} has {pending} pending."


class MoreThanToShip(Problem):
    """More is inspected than is to leave."""

    status = 409
    code = "more_than_to_ship"
    title = "Not so many are to leave"
    detail = (
        "{quantity} of {sku} are to be inspected, of the line {line} {left} are to leave that no "
        "inspection has. Cancel another one first, or inspect fewer."
    )


class NotBeforeShipment(Problem):
    """Goods that came, or were made, are withheld until they are decided about."""

    status = 409
    code = "not_before_shipment"
    title = "These goods are withheld"
    detail = (
        "The inspection {number} is of goods that came or were made: they are withheld. "
        "Accept or reject them."
    )


class PieceNotAccepted(Problem):
    """A piece or a lot is to leave that was not accepted."""

    status = 409
    code = "piece_not_accepted"
    title = "This piece or lot was not accepted"
    detail = (
        "{piece} of {sku} was not accepted for the line {line}, or not as many, or it left "
        "already. Inspect it first, or name another one."
    )


class NothingPending(Problem):
    """Results are of inspections that are not decided."""

    status = 409
    code = "nothing_pending"
    title = "The inspection is decided"
    detail = "The inspection {number} has nothing pending: its results stay."


class PendingChanged(Problem):
    """Somebody else has decided meanwhile."""

    status = 409
    code = "pending_changed"
    title = "Somebody has decided meanwhile"
    detail = (
        "The inspection {number} has {pending} pending now, not {seen}. Look at it again first."
    )


class NoPlan(Problem):
    """No active plan says how the goods are inspected before they leave."""

    status = 422
    code = "no_inspection_plan"
    title = "No inspection plan counts for these goods"
    detail = "No active plan of the stage shipment counts for {sku} today. Activate one first."


class NoSuchSample(Problem):
    """A result is of no piece of the sample, or of no characteristic."""

    status = 422
    code = "no_such_sample"
    title = "There is no such piece or characteristic"
    detail = (
        "The inspection {number} has no piece {sample} with the characteristic {characteristic}, "
        "or it is answered otherwise: a number where it is measured, else yes or no."
    )


class ResultsMissing(Problem):
    """Goods are accepted once the sample was looked at."""

    status = 409
    code = "results_missing"
    title = "Results are missing"
    detail = (
        "The inspection {number} has {found} of {needed} results. Enter the others before goods "
        "are accepted, or reject them."
    )


class SampleFailed(Problem):
    """More pieces of the sample failed than the acceptance number allows."""

    status = 409
    code = "sample_failed"
    title = "The sample failed"
    detail = (
        "{failed} pieces of the sample of inspection {number} failed, {allowed} may. Reject the "
        "goods, or accept them with a concession that says why."
    )


class SerialNotPending(Problem):
    """A verdict names a piece that is not pending."""

    status = 409
    code = "serial_not_pending"
    title = "The serial is not pending"
    detail = "The inspection {number} has no pending piece {serial}. Name one that is."
