"""Customers and suppliers are found by what they are called and numbered."""

from uuid import uuid4

import pytest


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/suppliers"])
async def test_a_party_is_found_by_its_legal_name(desk, path):
    word = uuid4().hex[:10]
    made = await desk.add(path, name="Short", legal_name=f"ÉTS. ŁÓDŹ {word}")
    assert await desk.listed(path, q=f"éts łódź {word}", limit=200) == [made["id"]]


async def test_a_party_is_found_by_its_number_however_it_is_written(desk):
    made = await desk.add("/v1/customers", name=desk.word("Number"))
    number = made["number"]
    for asked in (number, number.lower(), number.replace("-", "")):
        assert made["id"] in await desk.listed("/v1/customers", q=asked, limit=200), asked
