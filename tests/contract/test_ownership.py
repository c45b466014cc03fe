"""What each half refuses to change of a linked customer is what the bridge says it does not own."""

from crm.accounts.rules.ownership import LED_BY_ERP
from erp.parties.rules.ownership import LED_BY_CRM
from sync_bridge.ownership import OWNERSHIP


def test_the_halves_lock_exactly_what_the_ownership_table_gives_to_the_other():
    """B48: a field that both halves may change would drift apart; one that neither may is dead."""
    table = OWNERSHIP["customer"]
    assert {field.erp for field in table if field.owner == "crm"} == LED_BY_CRM
    assert {field.crm for field in table if field.owner == "erp"} == LED_BY_ERP
