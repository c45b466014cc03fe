"""Workbooks as people save them: errors of formulas, codes with zeros in front, days, old ones."""

import io
import re
from collections.abc import Sequence
from typing import Any
from zipfile import ZipFile

import pytest
import xlsxwriter
from openpyxl import Workbook

from tests.records.test_imports import brought, counts, errors, run, started

CODES = "00000"
MAPPING = {"external_id": "No", "name": "Name", "billing_address.postal_code": "Zip"}


def book_of(*rows: Sequence[Any]) -> bytes:
    """A workbook; a cell (value, format) has a format, and ("=…", result) is a formula."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if not isinstance(cell, tuple):
                    sheet.write(at, column, cell)
                elif str(cell[0]).startswith("="):
                    sheet.write_formula(at, column, cell[0], None, cell[1])
                else:
                    form = book.add_format({"num_format": cell[1]})
                    sheet.write_number(at, column, cell[0], form)
    return out.getvalue()


ERRORS = ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!"]


@pytest.mark.parametrize(("half", "record_type"), [("crm", "account"), ("erp", "supplier")])
async def test_a_cell_that_could_not_be_computed_is_refused_as_damaged(desks, half, record_type):
    """Whatever its field is; never taken for an empty one."""
    desk = desks[half]
    key = desk.word("E")
    rows = [(f"{key}-{at}", ("=A1", error)) for at, error in enumerate(ERRORS)]
    content = book_of(("No", "Name"), *rows, (("=A1", "#N/A"), "Tree"), (f"{key}-x", "Bush"))
    made = await brought(desk, record_type, content)
    for act in ("check", "run"):
        mapping = {"external_id": "No", "name": "Name"}
        done = await started(desk, made, act, mapping=mapping)
        names = [(at, "Name", "damaged") for at in range(2, 2 + len(ERRORS))]
        assert await errors(desk, done) == [*names, (2 + len(ERRORS), "No", "damaged")]
        assert counts(done) == (1, 0, 0, len(ERRORS) + 1)


def uncomputed(*rows: Sequence[Any]) -> bytes:
    """A workbook as programs write it that compute nothing: of formulas it has no results."""
    book, out = Workbook(), io.BytesIO()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    book.save(out)
    return out.getvalue()


_NOTHING = re.compile(rb"<c (r=\S+)>(<f>[^<]*</f><v></v>)")


def with_empty_texts(content: bytes) -> bytes:
    """The workbook as spreadsheets save it: what comes to an empty text says that it is a text.

    xlsxwriter leaves that out, so a reader cannot tell it from a formula that nobody computed.
    """
    out = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as before, ZipFile(out, "w") as packed:
        for name in before.namelist():
            packed.writestr(name, _NOTHING.sub(rb'<c \1 t="str">\2', before.read(name)))
    return out.getvalue()


async def test_a_formula_without_a_result_is_refused_and_never_empty(desks):
    """One that comes to an empty text, as the file says, is empty."""
    desk = desks["crm"]
    key = desk.word("E")
    head = ("No", "Name", "Short")
    mapping = {"external_id": "No", "name": "Name"}
    rows = [(f"{key}-1", '="Mill"&1', ""), (f"{key}-2", "Tree", "")]
    made = await brought(desk, "account", uncomputed(head, *rows))
    done = await started(desk, made, "run", mapping=mapping)
    assert await errors(desk, done) == [(2, "Name", "damaged")]
    assert counts(done) == (1, 0, 0, 1)
    seen = (await desk.see(f"/v1/imports/{done['id']}/errors"))["items"]
    assert '="Mill"&1' in seen[0]["errors"][0]["message"]
    empty = book_of(("No", "Name", "Zip"), (f"{key}-3", "Bush", ('=IF(1,"","x")', "")))
    made = await brought(desk, "account", with_empty_texts(empty))
    done = await started(desk, made, "run", mapping=MAPPING)
    assert counts(done) == (1, 0, 0, 0)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
async def test_a_cell_beyond_the_header_is_refused_with_its_column(desks, form):
    """Never left out in silence; empty ones are nothing."""
    desk = desks["crm"]
    key = desk.word("E")
    rows = [
        ("No", "Name", "Zip"),
        (f"{key}-1", "Mill", "12345", "", "more"),
        (f"{key}-2", "Tree", "12345", "", ""),
    ]
    content = book_of(*rows)
    if form == "csv":
        content = "\n".join(",".join(row) for row in rows).encode()
    made = await brought(desk, "account", content)
    done = await started(desk, made, "run", mapping=MAPPING)
    assert await errors(desk, done) == [(2, "E", "long_row")]
    assert counts(done) == (1, 0, 0, 1)


async def test_numbers_days_and_marks_are_refused_as_well(desks):
    desk = desks["erp"]
    key = desk.word("E")
    fields = ("sku", "name", "discontinued_on", "sold", "unit")
    row = (key, "Bolt", ("=A1", "#N/A"), ("=A1", "#REF!"), ("=A1", "#VALUE!"))
    done = await run(desk, "item", book_of(fields, row))
    assert sorted(await errors(desk, done)) == sorted((2, name, "damaged") for name in fields[2:])


FORMS = [
    ((730, CODES), "00730"),
    ((0, CODES), "00000"),
    ((12345, CODES), "12345"),
    ((123456, CODES), "123456"),
    ((730, "0"), "730"),
    ((730, "General"), "730"),
    ((1730, "#,##0"), "1730"),
    ((730, "0.00"), "730"),
    ((12345678, "00000-0000"), "01234-5678"),
    ((12345678, "000\\-00\\-0000"), "012-34-5678"),
    ((42, '"PC "00000;@'), "PC 00042"),
    ((42, "[Red]0000"), "0042"),
    ("00730", "00730"),
    (730, "730"),
]
UNCLEAR = ["[<=99999]00000;00000-0000", "#00000", "0000.0"]


async def test_zeros_in_front_are_kept_as_they_are_shown(desks):
    desk = desks["crm"]
    key = desk.word("Z")
    rows = [(f"{key}-{at:02}", f"{key}-{at:02}", cell) for at, (cell, _) in enumerate(FORMS)]
    done = await run(desk, "account", book_of(tuple(NAMES), *rows), mapping=MAPPING)
    assert (counts(done), await errors(desk, done)) == ((len(rows), 0, 0, 0), [])
    accounts = (await desk.see(f"/v1/accounts?q={key}&sort=name"))["items"]
    codes = [one["billing_address"]["postal_code"] for one in accounts]
    assert codes == [shown for _, shown in FORMS]


NAMES = ("No", "Name", "Zip")


async def test_zeros_that_are_not_known_are_not_lost_in_silence(desks):
    desk = desks["crm"]
    key = desk.word("Z")
    rows = [(f"{key}-{at}", key, (730, form)) for at, form in enumerate(UNCLEAR)]
    done = await run(desk, "account", book_of(NAMES, *rows), mapping=MAPPING)
    assert await errors(desk, done) == [(2 + at, "Zip", "damaged") for at in range(len(rows))]


async def test_ids_and_references_are_texts_as_shown(desks):
    """A number by format is the same id as its text, also for later rows; an amount stays one."""
    desk = desks["erp"]
    key = desk.word("9")[-4:]
    number = int(key, 16) + 100
    fields = ("code", "name", "parent")
    rows = [((number, CODES), "Tree", ""), (number + 1, "Twig", (number, CODES))]
    made = await brought(desk, "item_category", book_of(fields, *rows))
    for act in ("check", "run"):
        done = await started(desk, made, act)
        assert (counts(done), await errors(desk, done)) == ((2, 0, 0, 0), [])
    sku = desk.word("I")
    item = (sku, "Bolt", (number, CODES))
    done = await run(desk, "item", book_of(("sku", "name", "category"), item))
    assert counts(done) == (1, 0, 0, 0)
    terms = {"external_id": "No", "name": "Name", "payment_terms_days": "Days"}
    row = (key, key, (30, CODES))
    done = await run(desk, "customer", book_of(("No", "Name", "Days"), row), mapping=terms)
    assert (counts(done), await errors(desk, done)) == ((1, 0, 0, 0), [])
