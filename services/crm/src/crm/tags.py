"""What each group of operations in the API's documentation is about."""

from collections.abc import Mapping

__all__ = ["TAGS"]

TAGS: Mapping[str, str] = {
    "accounts": "Firms that are, or may become, customers.",
    "contacts": "People at the accounts, with what they agreed to be sent.",
    "mirror": "What the ERP tells the CRM: how orders stand, what is available, what accounts owe.",
    "orders": "Orders as sales enters and follows them; the ERP fulfils them.",
    "price-lists": "Lists of prices as the ERP keeps them.",
    "product-prices": "Prices of products by list, quantity and day.",
    "products": "What can be offered, and the price that a customer would pay.",
    "teams": "Groups of users that share accounts.",
    "users": "People who log in, their roles and passwords.",
}
