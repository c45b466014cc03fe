"""The ERP's reasons as texts for a reader."""

__all__ = ["DEFAULT_REASON", "REASONS"]

REASONS = {
    "not_sold": "These products are not for sale: {about}.",
    "customer_archived": "The ERP does no business with the customer any more.",
    "credit": "It goes beyond the customer's credit limit.",
    "credit_refused": "The credit for it was refused.",
    "fraction_of_unit": "These products are counted in whole units: {about}.",
    "price_missing": "These products have no price: {about}.",
    "missing_reference": "The ERP does not know a record that it names: {about}",
    "currency_not_supported": "The ERP does not take its currency: {about}",
    "already_shipped": "Goods of these lines have gone out: {about}.",
    "already_invoiced": "It was invoiced.",
    "taken_back": "Shipments of these lines were taken back, so they stay: {about}.",
    "other_customer": "Goods have gone out to another customer, or were invoiced to it.",
    "order_cancelled": "The order is cancelled in the ERP.",
    "order_completed": "The order is completed in the ERP.",
}
DEFAULT_REASON = "The ERP refused it: {code} {about}"
"""The text of a code that is not in `REASONS`."""
