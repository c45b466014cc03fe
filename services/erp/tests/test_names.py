"""A name can be read: invisible signs and blanks alone are none."""

import pytest

UNSEEN = {
    "zero width space": "\u200b",
    "joiner and mark": "\u200d\u200e",
    "word joiner": "\u2060\u2060",
    "soft hyphen": "\u00ad",
    "byte order mark": "\ufeff",
    "blanks between": "\u200b \u3000\u00a0\u200b",
}


@pytest.mark.parametrize("name", UNSEEN.values(), ids=UNSEEN)
@pytest.mark.parametrize("path", ["customers", "suppliers", "items"])
async def test_what_cannot_be_seen_is_no_name(desk, problem, path, name):
    facts = {"name": name} | ({"sku": desk.word("SKU")} if path == "items" else {})
    told = problem(await desk.erp.post(f"/v1/{path}", facts), 422, "invalid_input")
    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [
        ("/name", "nothing_to_read")
    ]


async def test_invisible_signs_within_a_name_stay(desk):
    """A joiner is part of how some scripts are written."""
    name = "\u0645\u06cc\u200c\u062e"
    assert (await desk.customer(name=name))["name"] == name
