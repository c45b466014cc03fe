"""Entities of records."""

from records.entities import AddressColumn


def test_an_address_that_is_not_there_stays_nothing():
    column = AddressColumn()
    assert column.process_bind_param(None, None) is None
    assert column.process_result_value(None, None) is None
