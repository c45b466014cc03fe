"""The rule: in what a linked ERP leads."""

import pytest

from crm.accounts.rules.ownership import led_by_erp


@pytest.mark.parametrize(
    ("changed", "led"),
    [
        ([], []),
        (["name", "phone", "shipping_address"], []),
        (["tax_id", "name", "billing_address"], ["billing_address", "tax_id"]),
        (["erp", "currency"], ["currency", "erp"]),
    ],
)
def test_terms_tax_data_currency_and_invoice_address_are_the_erps(changed, led):
    """B48: a field has exactly one owner."""
    assert led_by_erp(changed) == led
