"""What cases and complaints refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "ActionDone",
    "ActionsOpen",
    "CaseNotOpen",
    "CaseTouched",
    "ComplaintDiffers",
    "GoodsNotBack",
    "MoreThanUndisposed",
    "NotAComplaint",
    "NotInspected",
    "NotReceived",
    "NotShippedToCustomer",
    "QuantityUndisposed",
    "SerialNotInCase",
]


class ActionDone(Problem):
    """An action is finished once."""

    status = 409
    code = "action_done"
    title = "The action is done"
    detail = "The action {position} of the case {number} was done on {done_on}."


class ActionsOpen(Problem):
    """A case is closed once its actions are done."""

    status = 409
    code = "actions_open"
    title = "Corrective actions are not done"
    detail = "The case {number} has {actions} actions that are not done. Finish them first."


class CaseNotOpen(Problem):
    """Only an open case is worked on."""

    status = 409
    code = "case_not_open"
    title = "The case is not open"
    detail = "The case {number} is {state}. Reopen it first, if it was closed."


class CaseTouched(Problem):
    """A case of which goods are rejected or disposed is no mistake."""

    status = 409
    code = "case_touched"
    title = "Goods of the case are rejected or disposed"
    detail = (
        "An inspection rejected goods of the case {number}, or some are disposed. "
        "Dispose of them, and close it."
    )


class ComplaintDiffers(Problem):
    """A complaint that was taken up says something else now."""

    status = 409
    code = "complaint_differs"
    title = "The complaint was taken up otherwise"
    detail = (
        "The complaint {external_id} was taken up as the case {number}, of other goods or another "
        "quantity. Send it under another id."
    )


class GoodsNotBack(Problem):
    """What a customer complains about is scrapped or sent back once it is here again."""

    status = 409
    code = "goods_not_back"
    title = "The customer has the goods"
    detail = (
        "{quantity} are to be disposed of, {returned} came back by returns of the order and are "
        "not disposed of. Take them back first, or say that they stay with the customer "
        "(left_with_customer)."
    )


class NotAComplaint(Problem):
    """Only what a customer complained about stays with one."""

    status = 409
    code = "not_a_complaint"
    title = "No customer has these goods"
    detail = (
        "The case {number} is no complaint: its goods lie here. Use, rework, scrap or return them."
    )


class SerialNotInCase(Problem):
    """A disposition names a piece that the case does not have, or has disposed of."""

    status = 409
    code = "serial_not_in_case"
    title = "The serial is not in the case"
    detail = (
        "The case {number} has no piece {serial} that is not disposed of. Name one that it has."
    )


class MoreThanUndisposed(Problem):
    """More is disposed of than is left."""

    status = 409
    code = "more_than_undisposed"
    title = "Not so many are left in the case"
    detail = "{quantity} are to be disposed of, the case {number} has {left} left."


class NotInspected(Problem):
    """Goods that are reworked are inspected again, by the plan of their inspection."""

    status = 409
    code = "not_inspected"
    title = "These goods were not inspected"
    detail = (
        "The case {number} is of no inspection, by whose plan reworked goods would be inspected "
        "again. Use, scrap or return them."
    )


class NotReceived(Problem):
    """Goods go back with a receipt that brought them."""

    status = 422
    code = "not_received"
    title = "No such receipt brought the goods"
    detail = (
        "The case {number} names no receipt of {sku} of which so many can go back. Name the "
        "receipt that they came with."
    )


class NotShippedToCustomer(Problem):
    """A complaint is about goods that left."""

    status = 422
    code = "not_shipped_to_customer"
    title = "These goods did not leave for the order"
    detail = (
        "{quantity} of {sku} are complained about, {shipped} left for it as named. Correct order, "
        "shipment, item, quantity, lot or serial."
    )


class QuantityUndisposed(Problem):
    """A case is closed once all of its goods are disposed of."""

    status = 409
    code = "quantity_undisposed"
    title = "Goods are not disposed of"
    detail = "The case {number} has {left} of {quantity} left. Dispose of them first."
