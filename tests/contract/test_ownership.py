"""What each half refuses to change of a linked customer is what the bridge says it does not own."""

import pytest
from pydantic import ValidationError

from crm.accounts.rules.ownership import LED_BY_ERP
from crm.accounts.schemas import UpsertAccount
from erp.parties.rules.ownership import LED_BY_CRM
from erp.parties.schemas import UpsertCustomer
from sync_bridge.ownership import OWNERSHIP


def test_the_halves_lock_exactly_what_the_ownership_table_gives_to_the_other():
    """B48: a field that both halves may change would drift apart; one that neither may is dead."""
    table = OWNERSHIP["customer"]
    assert {field.erp for field in table if field.owner == "crm"} == LED_BY_CRM
    assert {field.crm for field in table if field.owner == "erp"} == LED_BY_ERP


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "a@b"),
        ("email", "x@localhost"),
        ("email", "two@at@signs.example"),
        ("email", "with space@mill.example"),
        ("email", "lin@mill.example"),
        ("email", "Lin+1@MILL.example"),
        ("email", "\u6797@\u4f8b\u5b50.example"),
        ("email", "l" * 64 + "@mill.example"),
        ("email", "l" * 65 + "@mill.example"),
        ("email", ""),
        ("email", None),
        ("phone", "+86 574 8888 0000 ext. 12"),
        ("phone", "1" * 60),
        ("phone", "1" * 61),
        ("phone", "1\n2"),
        ("phone", None),
        ("website", "w" * 200),
        ("website", "w" * 201),
        ("language", "zh-CN"),
        ("language", "Chinese"),
        ("tax_id", "cn 12/3"),
        ("tax_id", "T" * 33),
        ("name", "n" * 201),
        ("name", None),
        ("currency", "CNY"),
        ("currency", "cny"),
        ("source_version", 2**53 - 1),
        ("source_version", 2**53),
        ("source_version", True),
        ("source_version", "2"),
    ],
)
def test_both_halves_take_and_read_a_customers_field_alike(field, value):
    """What one half takes and the other refuses would park the customer's lane."""
    sent = {"source_version": 1, field: value}
    taken = []
    for command in (UpsertAccount, UpsertCustomer):
        try:
            taken.append(getattr(command.model_validate(sent), field))
        except ValidationError:
            taken.append(ValidationError)
    assert taken[0] == taken[1]


@pytest.mark.parametrize(
    ("account", "customer"), [("billing_address", "bill_to"), ("shipping_address", "ship_to")]
)
def test_both_halves_have_the_same_addresses(account, customer):
    schemas = [
        command.model_json_schema()["$defs"]["AddressChange"]
        for command in (UpsertAccount, UpsertCustomer)
    ]
    assert schemas[0] == schemas[1]
    assert account in UpsertAccount.model_fields
    assert customer in UpsertCustomer.model_fields
