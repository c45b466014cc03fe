"""What stock refuses."""

from chassis.http.problems import Problem

__all__ = ["NotReserved", "NotShipped", "TooLittleOnHand"]


class TooLittleOnHand(Problem):
    """More is asked for than lies there free."""

    status = 409
    code = "too_little_on_hand"
    title = "Not enough on hand"
    detail = "{wanted} of {sku} are needed, {free} are free. Receive goods first."


class NotReserved(Problem):
    """More is to be shipped than is reserved for the line."""

    status = 409
    code = "not_reserved"
    title = "Not reserved for this order"
    detail = "{wanted} of {sku} are to be shipped, {reserved} are reserved for the line."


class NotShipped(Problem):
    """More comes back than went out."""

    status = 409
    code = "not_shipped"
    title = "More comes back than went out"
    detail = "{wanted} of {sku} are to be taken back, {shipped} were shipped."
