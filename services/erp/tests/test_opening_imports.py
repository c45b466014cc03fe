"""What was open on both sides when the books were opened comes from one CSV file each."""

from uuid import uuid4

import pytest

from importer.mapping import Mapping
from importer.running import run_import


def rule(side, party):
    """The mapping of import-and-export.md."""
    return {
        "name": f"opening-{side}",
        "file": f"{side}.csv",
        "target": f"/v1/{side}/openings/batch",
        "method": "post",
        "external_id": "Number",
        "source_version": "none",
        "fields": {
            "items.0.number": "Number",
            f"items.0.{party}_number": "Party",
            "items.0.kind": "Kind",
            "items.0.issued_on": {"column": "Issued", "type": "date"},
            "items.0.due_on": {"column": "Due", "type": "date"},
            "items.0.amount.amount": {"column": "Left", "type": "decimal"},
            "items.0.amount.currency": {"const": "CNY"},
        },
    }


@pytest.mark.business_day
async def test_openings_are_imported_from_csv(office, desk, tmp_path):
    """Once: a row that fails is named, the others are taken, and again they are unchanged."""
    customer, supplier, word = await desk.customer(), await office.supplier(), uuid4().hex[:8]
    for side, party in (("receivables", customer), ("payables", supplier)):
        (tmp_path / f"{side}.csv").write_text(
            "Number,Party,Kind,Issued,Due,Left\n"
            f"A-{word},{party['number']},debt,2014-11-03,2014-12-03,100\n"
            f"B-{word},{party['number']},credit,2014-11-04,,30.5\n"
            f"C-{word},NOBODY,debt,2014-11-03,2014-12-03,7\n"
        )
    mapping = Mapping.model_validate(
        {"resources": [rule("receivables", "customer"), rule("payables", "supplier")]}
    )
    errors = tmp_path / "errors"
    for outcome in ("updated", "unchanged"):
        report = await run_import(mapping, desk.client, source=tmp_path, errors_to=errors)
        counts = [dict(one.counts) for one in report.resources]
        assert counts == [{outcome: 2, "failed": 1}] * 2, report
        assert {one.row for each in report.resources for one in each.errors} == {4}
    assert await office.owes(customer) == ("100.00", "30.50")
    assert await office.owes(supplier, "payable") == ("100.00", "30.50")
