"""Postal addresses, and how names sort."""

import pytest
from pydantic import ValidationError

from values.address import Address, AddressChange
from values.sorting import sort_key


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


def test_chinese_names_sort_by_pinyin_and_latin_ones_without_case():
    names = ["周静", "apple", "阿里", "Banana", "北京"]
    assert sorted(names, key=sort_key) == ["阿里", "apple", "Banana", "北京", "周静"]
