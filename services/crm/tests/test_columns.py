"""Columns of a kind of their own, and settings with their own checks."""

import pytest
from pydantic import ValidationError

from crm.columns import AddressColumn
from crm.settings import CrmSettings


def test_an_address_that_is_not_there_stays_nothing():
    column = AddressColumn()
    assert column.process_bind_param(None, None) is None
    assert column.process_result_value(None, None) is None


def test_the_region_of_phones_is_a_country_with_telephones():
    assert CrmSettings(region="US").region == "US"
    with pytest.raises(ValidationError, match="no country with a telephone code"):
        CrmSettings(region="ZZ")
