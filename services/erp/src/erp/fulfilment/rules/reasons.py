"""Why an order is not taken or not changed, in words."""

from chassis.problems.problem import Phrase

__all__ = ["WORDS", "why"]

WORDS = {
    "already_shipped": "Goods of these lines have gone out: {about}.",
    "already_invoiced": "It is invoiced: credit the invoice first.",
    "lines_invoiced": "These lines are invoiced: {about}. Credit the invoice first.",
    "credit": "It goes beyond what the customer may owe.",
    "customer_archived": "We do no business with the customer any more.",
    "fraction_of_unit": "These items are counted in whole units: {about}.",
    "not_sold": "These items are not for sale: {about}.",
    "order_cancelled": "It is cancelled.",
    "order_completed": "It is completed.",
    "other_customer": "Goods have gone out to another customer, or were invoiced to it.",
    "price_missing": "These items have no price: {about}.",
    "taken_back": "Shipments of these lines were taken back, so they stay: {about}. Order fewer, "
    "or cancel the order.",
}


def why(reason: str) -> Phrase:
    """What a reason says to a reader: its code, and what it is about behind a colon."""
    code, _, about = reason.partition(": ")
    if code == "already_invoiced" and about:
        code = "lines_invoiced"
    return Phrase(WORDS[code], {"about": about})
