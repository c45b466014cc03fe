"""A route of master data declares what it can answer, and no more (decision 0064)."""

import re

import pytest

COMMON = {"malformed_json", "unauthorized", "forbidden", "invalid_input", "rate_limited"}
ONCE = {
    "idempotency_key_required",
    "idempotency_key_reused",
    "idempotency_in_flight",
    "busy",
}
STALE = {"not_found", "stale_revision", "revision_required", "busy"}
SENT = {"system_reserved", "version_too_far", "busy"}


@pytest.mark.parametrize(
    ("act", "path", "own"),
    [
        ("get", "/v1/items", {"invalid_cursor"}),
        ("get", "/v1/items/{item_id}", {"not_found"}),
        ("post", "/v1/item-categories", {"missing_reference", "duplicate_code"} | ONCE),
        ("patch", "/v1/price-lists/{price_list_id}", STALE),
        ("post", "/v1/prices/{price_id}/withdraw", {"not_found"} | ONCE),
        ("post", "/v1/accounts", {"duplicate_account"} | ONCE),
        ("post", "/v1/supplier-prices/by-external/{system}/batch", {"system_reserved"} | ONCE),
        (
            "put",
            "/v1/customers/by-external/{system}/{external_id}",
            {"duplicate_tax_id", "currency_not_supported", "missing_reference", "managed_by_crm"}
            | {"person_erased", "person_suppressed"}
            | SENT,
        ),
        (
            "post",
            "/v1/suppliers/{supplier_id}/restore",
            {"not_found", "duplicate_tax_id", "person_erased"} | ONCE,
        ),
        ("get", "/v1/warehouses", {"invalid_cursor"}),
    ],
)
def test_a_route_declares_what_it_can_answer(desk, act, path, own):
    route = desk.erp.app.openapi()["paths"][path][act]
    texts = [one["description"] for one in route["responses"].values()]
    declared = {code for text in texts for code in re.findall(r"`(\w+)`:", text)}
    assert declared - COMMON == own
