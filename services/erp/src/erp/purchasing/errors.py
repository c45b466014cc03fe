"""Problems of purchasing."""

from chassis.problems.problem import Problem

__all__ = [
    "DuplicateSupplierPrice",
    "LessThanReceived",
    "LotNotOnReceipt",
    "MoreThanOnReceipt",
    "MoreThanOrdered",
    "MoreThanReceived",
    "MoreThanSentBack",
    "NoSupplierPrice",
    "NotALine",
    "NotAReturn",
    "NotBought",
    "NothingToBill",
    "NothingToCreditBack",
    "NothingToSendBack",
    "PurchaseChangeNotApproved",
    "PurchaseOrderClosed",
    "PurchaseOrderPending",
    "PurchaseOrderPlaced",
    "ReceiptBilled",
    "ReceiptReversed",
    "ReceiptSentBack",
    "ReceiptWithoutLines",
    "ReturnCredited",
    "ReturnReversed",
    "SerialNotOnReceipt",
    "SuggestionNotOpen",
]


class NoSupplierPrice(Problem):
    """Nobody is known to sell the item, or not this supplier."""

    status = 422
    code = "no_supplier_price"
    title = "No price of a supplier"
    detail = "No supplier's price of {item} is known here. Add it, or give a price in the order."


class DuplicateSupplierPrice(Problem):
    """The supplier has a price of the item already."""

    status = 409
    code = "duplicate_supplier_price"
    title = "The supplier has a price of this item"
    detail = "{existing_id} is the supplier's price of {sku} already. Change that one."


class SuggestionNotOpen(Problem):
    """The suggestion was ordered or withdrawn meanwhile."""

    status = 409
    code = "suggestion_not_open"
    title = "The suggestion is no longer open"
    detail = "{suggestion} is ordered, withdrawn or unknown. Read the open suggestions again."


class PurchaseOrderClosed(Problem):
    """Nothing more is expected of the order."""

    status = 409
    code = "purchase_order_closed"
    title = "The order is received or closed"
    detail = "{number} is {state}: nothing more is expected of it."


class PurchaseOrderPending(Problem):
    """The order is not placed yet: somebody has to approve it."""

    status = 409
    code = "purchase_order_pending"
    title = "The order waits for approval"
    detail = (
        "{number} is not placed before it is approved: nothing of it is received or billed. Have "
        "it approved, or change or close it."
    )


class PurchaseChangeNotApproved(Problem):
    """More is to be ordered of a supplier than is approved, with an order of which goods came."""

    status = 409
    code = "purchase_change_not_approved"
    title = "The change needs an approval"
    detail = (
        "What is added to {number} needs an approval, and some of it came already. Order it with "
        "an order of its own, which is approved then."
    )


class PurchaseOrderPlaced(Problem):
    """An order that was placed for another system is to become another one."""

    status = 409
    code = "purchase_order_placed"
    title = "The order is placed"
    detail = "Order {external_id} is placed as {number}. Change that one here, or close it."


class MoreThanOrdered(Problem):
    """More came than was ordered."""

    status = 409
    code = "more_than_ordered"
    title = "More than was ordered"
    detail = "{quantity} of {sku} came, {expected} are expected. Order the rest, or send it back."


class NotALine(Problem):
    """A line of another order is named."""

    status = 422
    code = "not_a_line"
    title = "No line of this order"
    detail = "The order {number} has no such line. Name lines of this order."


class MoreThanReceived(Problem):
    """More is billed than came and was not billed yet."""

    status = 409
    code = "more_than_received"
    title = "More than was received"
    detail = "{quantity} of {sku} are billed, {unbilled} came and are not billed yet."


class NothingToBill(Problem):
    """Everything that came is billed."""

    status = 409
    code = "nothing_to_bill"
    title = "Nothing to bill"
    detail = "Of {number} nothing came that is not billed yet."


class NotBought(Problem):
    """The item is archived, or is not bought."""

    status = 409
    code = "not_bought"
    title = "The item is not bought"
    detail = "{skus}: archived, or not bought. Restore the item, or mark it as bought, first."


class MoreThanOnReceipt(Problem):
    """More goes back than came with the receipt and did not go back yet."""

    status = 409
    code = "more_than_on_receipt"
    title = "More than came with this receipt"
    detail = "{quantity} of {sku} go back, {left} of this receipt did not go back yet."


class LotNotOnReceipt(Problem):
    """Goods of a lot are to go back that did not come with the line."""

    status = 409
    code = "lot_not_on_receipt"
    title = "The lot did not come with this receipt"
    detail = "Nothing of the lot {lot} of {sku} came with this line of the receipt."


class SerialNotOnReceipt(Problem):
    """The piece came with another receipt."""

    status = 409
    code = "serial_not_on_receipt"
    title = "This piece did not come with this receipt"
    detail = "{serial} of {sku} came with another receipt. Send it back from that one."


class NothingToSendBack(Problem):
    """All that came with the receipt went back."""

    status = 409
    code = "nothing_to_send_back"
    title = "Nothing to send back"
    detail = "All that came with {number} went back already."


class ReceiptWithoutLines(Problem):
    """A receipt that an earlier release booked does not say which lines of its order came."""

    status = 409
    code = "receipt_without_lines"
    title = "The receipt does not say which lines came"
    detail = (
        "{number} was booked by a release that did not keep which lines of the order came, and "
        "its moves do not tell. Adjust the stock, and have the supplier credit it."
    )


class ReceiptReversed(Problem):
    """The receipt was taken back as a mistake."""

    status = 409
    code = "receipt_reversed"
    title = "This receipt is taken back already"
    detail = "{number} is taken back already: nothing came with it."


class ReceiptSentBack(Problem):
    """Some of the goods went back to the supplier: they did come."""

    status = 409
    code = "receipt_sent_back"
    title = "Goods of this receipt went back to the supplier"
    detail = "Some goods of {number} were sent back. Send the others back as well."


class ReceiptBilled(Problem):
    """The supplier billed goods of the receipt."""

    status = 409
    code = "receipt_billed"
    title = "Goods of this receipt are billed"
    detail = (
        "{quantity} of {sku} came with {number}, {unbilled} are not billed. Take the bill back "
        "first, or send the goods back."
    )


class NotAReturn(Problem):
    """A receipt that was taken back is received anew, where it came after all."""

    status = 409
    code = "not_a_return"
    title = "Nothing went back"
    detail = "{number} takes back a receipt that was a mistake. Receive the goods anew."


class ReturnReversed(Problem):
    """The return was taken back before."""

    status = 409
    code = "return_reversed"
    title = "This return is taken back already"
    detail = "{number} is taken back already: the goods are here."


class ReturnCredited(Problem):
    """The supplier credited what went back, or replaced it."""

    status = 409
    code = "return_credited"
    title = "What went back is credited or replaced"
    detail = (
        "What went back of {sku} with {number} is credited or replaced by now. Take the "
        "supplier's credit note back first, or send back what came for it."
    )


class ReturnOfCase(Problem):
    """Goods that a case sent back do not come back as if they were good."""

    status = 409
    code = "return_of_case"
    title = "A case sent the goods back"
    detail = (
        "The case {case} sent the goods back with {number}. Receive them by a new order if they "
        "come again: they are inspected then."
    )


class MoreThanSentBack(Problem):
    """More is credited than was billed, went back, and is not credited yet."""

    status = 409
    code = "more_than_sent_back"
    title = "More than was sent back"
    detail = (
        "{quantity} of {sku} are credited, {uncredited} were billed, went back and are not "
        "credited yet."
    )


class NothingToCreditBack(Problem):
    """Everything that went back is credited, or was not billed."""

    status = 409
    code = "nothing_to_credit_back"
    title = "Nothing to be credited"
    detail = "Of {number} nothing went back that was billed and is not credited yet."


class LessThanReceived(Problem):
    """Less is to be ordered than came already."""

    status = 409
    code = "less_than_received"
    title = "More came already"
    detail = (
        "{quantity} of {sku} are to be ordered, {received} came. Order so many, or send the rest "
        "back first."
    )
