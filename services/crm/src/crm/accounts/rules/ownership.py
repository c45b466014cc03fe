"""What a linked ERP leads in: such fields of an account only the ERP changes."""

from collections.abc import Iterable

__all__ = ["LED_BY_ERP", "NEVER_EDITED", "led_by_erp"]

LED_BY_ERP = frozenset({"tax_id", "currency", "billing_address", "price_list", "erp"})

NEVER_EDITED = frozenset({"erp", "contacts"})
"""What no user edits with the account: terms come from the ERP, contacts have their own ETags."""


def led_by_erp(changed: Iterable[str]) -> list[str]:
    """Those of the changed fields that a linked ERP leads in, sorted."""
    return sorted(LED_BY_ERP.intersection(changed))
