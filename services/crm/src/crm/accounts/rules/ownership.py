"""What a linked ERP leads in: such fields of an account only the ERP changes."""

__all__ = ["LED_BY_ERP", "NEVER_EDITED"]

LED_BY_ERP = frozenset({"tax_id", "currency", "billing_address", "price_list", "erp"})

NEVER_EDITED = frozenset({"erp", "contacts"})
"""What no user edits with the account: terms come from the ERP, contacts have their own ETags."""
