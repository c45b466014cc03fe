"""Postal addresses and settings: values with their own checks."""

import pytest
from pydantic import ValidationError

from crm.addresses import Address, AddressChange, AddressColumn
from crm.settings import CrmSettings
from crm.sorting import sort_key


def test_a_change_lays_its_parts_onto_the_present_address():
    present = Address(line1="1 Lake Road", city="Hangzhou", country="CN")
    changed = AddressChange(city="Suzhou", line1="").onto(present)
    assert changed == Address(city="Suzhou", country="CN")


@pytest.mark.parametrize("country", ["XX", "EU", "cn", "CHN"])
def test_a_country_is_one_of_iso_3166(country):
    with pytest.raises(ValidationError):
        Address(country=country)


def test_an_unknown_part_of_an_address_is_refused():
    with pytest.raises(ValidationError):
        Address.model_validate({"street": "1 Lake Road"})


def test_an_address_that_is_not_there_stays_nothing():
    column = AddressColumn()
    assert column.process_bind_param(None, None) is None
    assert column.process_result_value(None, None) is None


def test_chinese_names_sort_by_pinyin_and_latin_ones_without_case():
    names = ["周静", "apple", "阿里", "Banana", "北京"]
    assert sorted(names, key=sort_key) == ["阿里", "apple", "Banana", "北京", "周静"]


def test_the_region_of_phones_is_a_country_with_telephones():
    assert CrmSettings(region="US").region == "US"
    with pytest.raises(ValidationError, match="no country with a telephone code"):
        CrmSettings(region="ZZ")
