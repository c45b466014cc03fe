"""Entries and payments from CSV are posted once: known by their id, not by a key."""

from uuid import uuid4

import pytest

from importer.mapping import Mapping
from importer.running import run_import

ENTRIES = {
    "name": "entries",
    "file": "entries.csv",
    "external_id": "Voucher",
    "fields": {"memo": "Text", "effective_on": {"column": "Day", "type": "date"}},
    "rows": {
        "into": "lines",
        "fields": {
            "account": "Account",
            "debit": {"column": "Amount", "type": "decimal", "part": "positive"},
            "credit": {"column": "Amount", "type": "decimal", "part": "negative"},
        },
    },
}
PAYMENTS = {
    "name": "payments",
    "file": "payments.csv",
    "external_id": "Receipt",
    "fields": {
        "party_id": "Party",
        "reference": "Text",
        "amount.amount": {"column": "Amount", "type": "decimal"},
        "amount.currency": {"const": "CNY"},
    },
}


@pytest.mark.business_day
async def test_entries_of_several_rows_are_posted_once(office, desk, tmp_path):
    """Each import has keys of its own; the entry stays the one, and other content is refused."""
    system, day = f"s{uuid4().hex[:10]}", office.today.isoformat()
    target = f"/v1/journal-entries/by-external/{system}/batch"
    mapping = Mapping.model_validate({"resources": [ENTRIES | {"target": target}]})
    accounts = (await desk.see("/v1/accounts?kind=expense&limit=200"))["items"]
    account = accounts[-1]["code"]

    async def imported(amount):
        rows = f"V1,Rent {system},{day},{account},{amount}\nV1,Rent {system},{day},bank,-{amount}\n"
        (tmp_path / "entries.csv").write_text(f"Voucher,Text,Day,Account,Amount\n{rows}")
        report = await run_import(
            mapping, desk.client, source=tmp_path, errors_to=tmp_path / "errors"
        )
        return dict(report.resources[0].counts), [one.code for one in report.resources[0].errors]

    assert await imported("100") == ({"created": 1}, [])
    assert await imported("100") == ({"unchanged": 1}, [])
    assert await imported("101") == ({"failed": 1}, ["entry_posted"])
    entries = (await desk.see(f"/v1/journal-entries?q={system}"))["items"]
    assert [(one["debit"], one["credit"]) for one in entries[0]["lines"]] == [
        ("100", "0"),
        ("0", "100"),
    ]
    assert len(entries) == 1


async def test_payments_are_booked_once(desk, tmp_path):
    system, customer = f"s{uuid4().hex[:10]}", await desk.customer()
    target = f"/v1/payments/by-external/{system}/batch"
    mapping = Mapping.model_validate({"resources": [PAYMENTS | {"target": target}]})

    async def imported(amount):
        rows = f"R1,{customer['id']},from {system},{amount}\nR2,{uuid4()},nobody,5\n"
        (tmp_path / "payments.csv").write_text(f"Receipt,Party,Text,Amount\n{rows}")
        report = await run_import(
            mapping, desk.client, source=tmp_path, errors_to=tmp_path / "errors"
        )
        return dict(report.resources[0].counts), [one.code for one in report.resources[0].errors]

    assert await imported("30.50") == ({"created": 1, "failed": 1}, ["missing_reference"])
    assert await imported("30.50") == ({"unchanged": 1, "failed": 1}, ["missing_reference"])
    assert await imported("31.50") == ({"failed": 2}, ["payment_booked", "missing_reference"])
    found = (await desk.see(f"/v1/payments?party_id={customer['id']}"))["items"]
    assert [one["amount"] for one in found] == ["30.5"]
