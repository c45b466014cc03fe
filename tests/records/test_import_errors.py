"""What is wrong with a row is said at once and whole: by row, column and field."""

import importlib
from typing import Any
from uuid import uuid4

import pytest

from identity.testing.desk import Desk
from identity.testing.service import running
from records.imports import job
from records.imports.clashes import UNIQUE_INDEXES, field_of
from tests.records.kinds import HALVES
from tests.records.test_imports import brought, counts, csv_of, errors, started

SHEETS = {
    half: [one for one in importlib.import_module(f"{half}.app").SHEETS if one.new]
    for half in HALVES
}


async def both(desk: Desk, record_type: str, content: bytes, **how: Any) -> list[Any]:
    """The errors of a check, which must be those of a run."""
    made = await brought(desk, record_type, content, **how)
    reported = []
    for act in ("check", "run"):
        done = await started(desk, made, act)
        reported.append((counts(done), await errors(desk, done)))
    assert reported[0] == reported[1]
    return reported[1][1]


async def test_a_row_says_all_that_is_wrong_with_it_at_once(cluster):
    """Columns of the type, custom fields and references; known records as new ones."""
    async with running(HALVES["crm"], cluster) as server:
        desk = Desk(server)
        new = {"record_type": "contact", "label": "x"}
        await desk.add("/v1/custom-fields", **new, key="size", kind="number", scale=1)
        await desk.add("/v1/custom-fields", **new, key="since", kind="day", required=True)
        choices = [{"key": "A", "label": "A"}, {"key": "B", "label": "B"}]
        await desk.add("/v1/custom-fields", **new, key="class", kind="choice", choices=choices)
        refers = {"kind": "reference", "refers_to": "account"}
        await desk.add("/v1/custom-fields", **new, key="agent", **refers)
        account = await desk.add("/v1/accounts", name=desk.word("Firm"))
        known = await desk.add(
            "/v1/contacts", account_id=account["id"], name="Lin", custom={"since": "2026-01-02"}
        )
        wrong = {
            "account_id": "no such firm",
            "name": "",
            "email": "no address",
            "phone": "4.41E+11",
            "primary": "perhaps",
            "custom.size": "1.25",
            "custom.since": "31.12.2025",
            "custom.class": "C",
            "custom.agent": str(uuid4()),
            "status": "asleep",
        }
        reported = {
            ("account_id", "missing_reference"),
            ("email", "email_form"),
            ("phone", "damaged"),
            ("primary", "not_bool"),
            ("custom.size", "too_many_decimals"),
            ("custom.since", "not_date"),
            ("custom.class", "literal_error"),
            ("custom.agent", "missing_reference"),
            ("status", "unknown_value"),
        }
        right = {**dict.fromkeys(wrong, ""), "account_id": account["id"], "name": "Wang"}
        right |= {"custom.since": "2026-01-02", "custom.agent": account["id"]}
        rows = [
            {"external_id": "1", "id": "", **wrong},
            {"external_id": "", "id": known["id"], **wrong},
            {"external_id": "2", "id": "", **right},
            {"external_id": "", "id": "", **wrong},
        ]
        found = await both(desk, "contact", csv_of(*rows), decimal=".")
        by_row = {row: {tuple(one[1:]) for one in found if one[0] == row} for row in (2, 3, 4, 5)}
        assert by_row[2] == reported | {("name", "missing")}
        assert by_row[3] == reported
        assert by_row[4] == set()
        assert by_row[5] == reported | {("", "no_identity")}
        assert len(found) == sum(len(one) for one in by_row.values())


REFERENCES = [
    ("item", {"name": "Bolt", "unit": "no unit", "category": "none", "tax_code": "none"}),
    ("price", {"price_list": "none", "price.amount": "1.00", "price.currency": "CNY"}),
    ("supplier_price", {"supplier_id": "none", "price.amount": "1.00", "price.currency": "CNY"}),
    ("customer", {"name": "Mill", "price_list": "none"}),
]


@pytest.mark.parametrize(("record_type", "row"), REFERENCES, ids=[one[0] for one in REFERENCES])
async def test_references_are_named_with_their_columns(desks, record_type, row):
    """All of them, where a record refers to several others by code."""
    desk = desks["erp"]
    missing = {"sku", "unit", "category", "tax_code", "price_list", "supplier_id"} & row.keys()
    key = desk.word("R")
    sku = {} if record_type == "customer" else {"sku": key}
    found = await both(desk, record_type, csv_of({"external_id": key, **sku, **row}), decimal=".")
    missing |= {"sku"} & sku.keys() if record_type != "item" else set()
    assert sorted(found) == sorted((2, name, "missing_reference") for name in missing)


async def test_a_refusal_of_a_value_names_its_column(desks):
    desk = desks["erp"]
    key, tax_id = desk.word("D"), desk.word("DE")
    await desk.add("/v1/customers", name=key, tax_id=tax_id)
    row = {"external_id": key, "name": key, "tax_id": tax_id, "currency": "CNY"}
    [(number, column, _)] = await both(desk, "customer", csv_of(row))
    assert (number, column) == (2, "tax_id")


async def test_rows_that_wait_for_others_say_what_else_is_wrong(desks):
    """A parent that comes later in the file is no error in the end."""
    desk = desks["erp"]
    key = desk.word("C")
    rows = [
        {"code": f"{key}-1", "name": "", "parent": f"{key}-2"},
        {"code": f"{key}-2", "name": key, "parent": ""},
    ]
    assert await both(desk, "item_category", csv_of(*rows)) == [(2, "name", "missing")]


GIVEN_BY_NO_FILE = {
    "uq_account_role",
    "uq_opportunity_order_id",
    "uq_price_list_is_default",
    "uq_production_order_number",
    "uq_planning_parameter_item_id",  # refused by the act, with the SKU
    *("uq_changeover_families", "uq_shared_resource_kind_name"),  # refused by acts as well
    *(f"uq_quote_{one}" for one in ("accepted", "draft", "number_quote_version", "sent")),
    "uq_contract_number",
    *(f"uq_contract_template_{one}" for one in ("code_template_version", "draft", "published")),
}


@pytest.mark.parametrize("half", HALVES)
async def test_a_clash_names_fields_of_the_contract_only(desks, half):
    """Of each unique index of each table, also of those over expressions."""
    for sheet in SHEETS[half]:
        commands = [one for one in (sheet.new, sheet.change) if one]
        fields = {name for one in commands for name in one.model_fields}
        fields |= sheet.references.keys() | {sheet.key}
        for index in await desks[half].rows(UNIQUE_INDEXES, sheet.name):
            if "id" in index["fields"] or index["name"] in GIVEN_BY_NO_FILE:
                continue
            assert field_of(index, fields) in fields - {""}, index


CLASHES = [
    ("crm", "team", [{"name": "{} sales"}, {"name": "{} SALES"}], "name"),
    (
        "erp",
        "supplier",
        [{"name": "A", "tax_id": "{} 1"}, {"name": "B", "tax_id": "{}.1"}],
        "tax_id",
    ),
]


@pytest.mark.parametrize("case", CLASHES, ids=["team", "supplier"])
async def test_rows_alike_but_for_their_form_clash_by_field(desks, monkeypatch, case):
    """In the dry run, each row a step of its own."""
    monkeypatch.setattr(job, "ROWS_A_STEP", 1)
    half, record_type, alike, column = case
    desk = desks[half]
    key = desk.word("T")
    rows = [
        {"external_id": f"{key}-{at}"} | {name: text.format(key) for name, text in row.items()}
        for at, row in enumerate(alike)
    ]
    made = await brought(desk, record_type, csv_of(*rows))
    for act in ("check", "run"):
        done = await started(desk, made, act)
        assert counts(done) == (1, 0, 0, 1)
        [(number, reported, _)] = await errors(desk, done)
        assert (number, reported) == (3, column)


async def test_what_goes_over_to_the_last_record_is_no_clash(desks, monkeypatch):
    """Of two primary contacts of an account the later one is it, in a dry run as in a run."""
    monkeypatch.setattr(job, "ROWS_A_STEP", 1)
    desk = desks["crm"]
    account = await desk.add("/v1/accounts", name=desk.word("Firm"))
    key = desk.word("P")
    rows = [
        {"external_id": f"{key}-{at}", "account_id": account["id"], "name": key, "primary": "yes"}
        for at in range(2)
    ]
    assert await both(desk, "contact", csv_of(*rows)) == []
