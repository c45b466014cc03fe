"""Rows to documents: exact, and with every reason why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.documents import Document, Skipped, Unsound, documents
from importer.mapping import Mapping, Resource
from importer.rules import FieldRule, TextForm
from importer.values import OMIT, field_value
from values.sheets.csv_files import Row
from values.sheets.refused import Refused

NOW_MS = 1_700_000_000_000
NAMES = {"file": "C.csv", "key": "ID", "value": "Name"}
CHAIN = {"file": "P.csv", "key": "ID", "value": "Category"}
TABLES = {
    ("C.csv", "ID", "Name"): {"1": "Drinks", "2": ""},
    ("P.csv", "ID", "Category"): {"3": "1"},
}


def resource(fields, **other):
    given_ = {
        "name": "items",
        "file": "P.csv",
        "target": "/v1/items/by-external/shop/batch",
        "external_id": "ID",
        "fields": fields,
        **other,
    }
    return Resource.model_validate(given_)


def made(fields, values, **other):
    row = Row(2, {"ID": "17", **values})
    return document(row, resource(fields, **other))


def document(row, whole):
    """The document of a row, or what is wrong with it."""
    [one] = documents(iter([row]), whole, TABLES, imported_at_ms=NOW_MS)
    return one.errors if isinstance(one, Unsound) else one


def value(text, **rule):
    made_ = FieldRule.model_validate({"column": "A", **rule}).resolved("a", TextForm())
    return field_value(made_, {"A": text}, TABLES)


def test_a_row_becomes_a_document_with_its_id_and_version():
    done = made({"name": {"column": "Name"}}, {"Name": "Tea"})
    assert isinstance(done, Document)
    assert done.body == {"name": "Tea", "external_id": "17", "source_version": NOW_MS}


def test_dotted_paths_nest_and_numbered_ones_make_lists():
    rules = {
        "address.city": {"column": "City"},
        "address.country": {"const": "CN"},
        "lines.0.sku": {"column": "A"},
        "lines.1.sku": {"column": "B"},
    }
    done = made(rules, {"City": "Wuhan", "A": "x", "B": "y"}, source_version="none")
    assert done.body["address"] == {"city": "Wuhan", "country": "CN"}
    assert done.body["lines"] == [{"sku": "x"}, {"sku": "y"}]
    assert "source_version" not in done.body


def test_single_requests_name_the_record_in_the_path():
    done = made({"name": "N"}, {"N": "x"}, method="put", target="/v1/items/{external_id}")
    assert "external_id" not in done.body


@pytest.mark.parametrize(
    ("text", "rule", "told"),
    [
        ("12.345", {"type": "decimal", "decimal": ".", "digits": 2}, "12.35"),
        ("-12.345", {"type": "decimal", "thousands": "", "digits": 2}, "-12.35"),
        ("9.65", {"type": "decimal", "times": "0.70", "digits": 2}, "6.76"),
        ("21.35", {"type": "decimal", "times": "0.70", "digits": 2}, "14.95"),
        ("1.234,56", {"type": "decimal", "decimal": ",", "thousands": "."}, "1234.56"),
        ("1,234,567", {"type": "decimal", "thousands": ","}, "1234567"),
        ("1\u00a0234,5", {"type": "decimal", "decimal": ",", "thousands": " "}, "1234.5"),
        ("1\u2019234.50", {"type": "decimal", "thousands": "'"}, "1234.50"),
        ("12.50-", {"type": "decimal", "negative": ["trailing"]}, "-12.50"),
        ("(12.50)", {"type": "decimal", "negative": ["parentheses"]}, "-12.50"),
        ("12.50", {"type": "decimal", "sign": "flip"}, "-12.50"),
        ("5", {"type": "decimal", "part": "positive"}, "5"),
        ("-5", {"type": "decimal", "part": "negative"}, "5"),
        ("-5", {"type": "decimal", "part": "positive"}, OMIT),
        ("0", {"type": "decimal", "part": "negative"}, OMIT),
        (",5", {"type": "decimal", "decimal": ","}, "0.5"),
        ("0.125", {"type": "decimal"}, "0.125"),
        ("1234.567", {"type": "decimal"}, "1234.567"),
        ("1.234", {"type": "decimal", "decimal": ",", "thousands": "."}, "1234"),
        ("+5", {"type": "decimal"}, "5"),
        ("\u221212", {"type": "decimal"}, "-12"),
        ("１２．５", {"type": "decimal"}, "12.5"),
        ("1,000", {"type": "int", "thousands": ","}, 1000),
        ("9" * 26 + ".99", {"type": "decimal", "digits": 1}, "1" + "0" * 26 + ".0"),
        ("00501", {}, "00501"),
        ("31.12.68", {"type": "date", "format": "%d.%m.%y", "century": 1930}, "1968-12-31"),
        ("31.12.29", {"type": "date", "format": "%d.%m.%y", "century": 1930}, "2029-12-31"),
        ("35795", {"type": "date", "format": "excel"}, "1997-12-31"),
        ("19971231", {"type": "date", "format": "%Y%m%d"}, "1997-12-31"),
        ("1997年12月31日", {"type": "date", "format": "%Y年%m月%d日"}, "1997-12-31"),
        ("1/2/1997", {"type": "date", "format": "%d/%m/%Y"}, "1997-02-01"),
        ("31/12/1997", {"type": "date", "format": ["%d/%m/%Y", "%m/%d/%Y"]}, "1997-12-31"),
        ("2/2/1997", {"type": "date", "format": ["%d/%m/%Y", "%m/%d/%Y"]}, "1997-02-02"),
        ("1997-12-31T08:30:00Z", {"type": "date", "format": "%Y-%m-%dT%H:%M:%S%z"}, "1997-12-31"),
        ("+49 30 1234", {"type": "phone"}, "+49 30 1234"),
        ("(206) 555-9857", {"type": "phone", "region": "US"}, "+1 206-555-9857"),
        ("x", {"lookup": [{**NAMES, "missing": "empty"}], "default": "none"}, "none"),
        ("x", {"lookup": [{**NAMES, "missing": "keep"}]}, "x"),
        ("3", {"lookup": [CHAIN, NAMES]}, "Drinks"),
        ("18", {"type": "decimal", "digits": 0}, "18"),
        ("0.1", {"type": "decimal", "times": "3"}, "0.3"),
        ("7", {"type": "int"}, 7),
        ("Yes", {"type": "bool"}, True),
        ("0", {"type": "bool"}, False),
        ("1996-07-04", {"type": "date"}, "1996-07-04"),
        ("4.7.1996", {"type": "date", "format": "%d.%m.%Y"}, "1996-07-04"),
        ("", {}, OMIT),
        ("", {"when_empty": "null"}, None),
        ("", {"default": "none"}, "none"),
        ("", {"default": "3", "type": "int"}, 3),
        ("", {"default": False}, False),
        ("Germany", {"values": {"Germany": "DE"}}, "DE"),
        ("0", {"values": {"0": None, "1": "1998-05-06"}, "type": "date"}, None),
        ("1", {"values": {"0": None, "1": "1998-05-06"}, "type": "date"}, "1998-05-06"),
        ("1", {"values": {"1": True}}, True),
        ("1", {"lookup": {"file": "C.csv", "key": "ID", "value": "Name"}}, "Drinks"),
        ("2", {"lookup": {"file": "C.csv", "key": "ID", "value": "Name"}}, OMIT),
        ("", {"lookup": {"file": "C.csv", "key": "ID", "value": "Name"}}, OMIT),
        ("x", {"column": None, "template": "S-{A}-{A}"}, "S-x-x"),
        ("x", {"column": None, "const": "y"}, "y"),
        ("x", {"column": None, "const": False}, False),
        ("A-1; A-2 ;", {"split": ";"}, ["A-1", "A-2"]),
        ("1|2", {"split": "|", "type": "int"}, [1, 2]),
        ("", {"split": ";"}, OMIT),
    ],
)
def test_a_value_is_converted_exactly(text, rule, told):
    assert value(text, **rule) == told


@pytest.mark.parametrize(
    ("text", "rule", "code"),
    [
        ("12,30", {"type": "decimal"}, "not_decimal"),
        ("NaN", {"type": "decimal"}, "not_decimal"),
        ("1_000", {"type": "decimal"}, "not_decimal"),
        ("1.234", {"type": "decimal"}, "ambiguous_number"),
        ("-12.345", {"type": "decimal", "digits": 2}, "ambiguous_number"),
        ("１．２３４", {"type": "decimal"}, "ambiguous_number"),
        ("(1.234)", {"type": "decimal", "negative": ["parentheses"]}, "ambiguous_number"),
        ("1.234-", {"type": "decimal", "negative": ["trailing"]}, "ambiguous_number"),
        ("1.234.567", {"type": "decimal"}, "not_decimal"),
        ("1_000", {"type": "int"}, "not_int"),
        ("٣", {"type": "decimal"}, "not_decimal"),
        ("1e27", {"type": "decimal", "digits": 2}, "not_decimal"),
        ("1e9999999999", {"type": "decimal"}, "not_decimal"),
        ("9" * 29, {"type": "decimal", "digits": 2}, "too_long"),
        ("9" * 5000, {"type": "int"}, "not_int"),
        ("1.234,56", {"type": "decimal"}, "not_decimal"),
        ("12,34", {"type": "decimal", "thousands": ","}, "not_decimal"),
        ("1 234", {"type": "decimal"}, "not_decimal"),
        ("12.50-", {"type": "decimal"}, "not_decimal"),
        ("(12.50)", {"type": "decimal"}, "not_decimal"),
        ("$12.50", {"type": "decimal"}, "not_decimal"),
        ("12.5%", {"type": "decimal"}, "not_decimal"),
        (".", {"type": "decimal"}, "not_decimal"),
        ("4.41E+11", {}, "damaged"),
        ("1,23457E+11", {}, "damaged"),
        ("4.41E+11", {"type": "decimal"}, "damaged"),
        ("4.41E+11", {"lookup": NAMES}, "damaged"),
        ("#N/A", {}, "damaged"),
        ("#####", {"type": "date"}, "damaged"),
        ("a\ufffdb", {}, "unreadable"),
        ("a\x00b", {}, "unreadable"),
        ("a\x93b", {}, "unreadable"),
        ("01/02/1997", {"type": "date", "format": ["%d/%m/%Y", "%m/%d/%Y"]}, "ambiguous_date"),
        ("199713", {"type": "date", "format": "%Y%m%d"}, "not_date"),
        ("1997-12-31 00:00:00", {"type": "date"}, "not_date"),
        ("0000-00-00", {"type": "date"}, "not_date"),
        ("1899-12-30", {"type": "date"}, "damaged"),
        ("29.02.99", {"type": "date", "format": "%d.%m.%y", "century": 1950}, "not_date"),
        ("60", {"type": "date", "format": "excel"}, "not_date"),
        ("(206) 555-9857", {"type": "phone"}, "region_missing"),
        ("ask Tom", {"type": "phone", "region": "US"}, "not_phone"),
        ("Infinity", {"type": "decimal"}, "not_decimal"),
        ("1.5", {"type": "int"}, "not_int"),
        ("1;x", {"split": ";", "type": "int"}, "not_int"),
        ("perhaps", {"type": "bool"}, "not_bool"),
        ("04/07/1996", {"type": "date"}, "not_date"),
        ("1996-02-30", {"type": "date"}, "not_date"),
        ("", {"when_empty": "error"}, "empty"),
        ("Prussia", {"values": {"Germany": "DE"}}, "unknown_value"),
        ("9", {"lookup": {"file": "C.csv", "key": "ID", "value": "Name"}}, "lookup_missing"),
    ],
)
def test_what_cannot_be_converted_is_refused_with_a_code(text, rule, code):
    with pytest.raises(Refused) as refused:
        value(text, **rule)
    assert refused.value.code == code


@given(st.integers(min_value=-(10**12), max_value=10**12))
def test_rounding_is_half_up_to_the_cent(thousandths):
    """C26: half of a cent goes away from zero, whatever the size."""
    sign, size = (-1, -thousandths) if thousandths < 0 else (1, thousandths)
    text = f"{'-' if sign < 0 else ''}{size // 1000}.{size % 1000:03d}"
    whole, fraction = value(text, type="decimal", decimal=".", digits=2).lstrip("-").split(".")
    assert int(whole) * 100 + int(fraction) == (size + 5) // 10


def test_every_wrong_field_of_a_row_is_reported_with_its_column():
    errors = made(
        {"price": {"column": "P", "type": "decimal"}, "day": {"column": "D", "type": "date"}},
        {"P": "x", "D": "y", "ID": "", "Rev": "new"},
        source_version={"column": "Rev"},
    )
    assert [(one.row, one.field, one.column, one.code) for one in errors] == [
        (2, "external_id", "ID", "empty"),
        (2, "price", "P", "not_decimal"),
        (2, "day", "D", "not_date"),
        (2, "source_version", "Rev", "not_int"),
    ]


@pytest.mark.parametrize(
    ("rule", "version"), [("time", NOW_MS), (5, 5), ({"column": "Rev"}, 41), ("none", None)]
)
def test_the_version_follows_its_rule(rule, version):
    done = made({"name": {"const": "x"}}, {"Rev": "41"}, source_version=rule)
    assert done.body.get("source_version") == version


def test_an_id_may_be_made_of_several_columns():
    done = made({"n": {"const": "x"}}, {"Line": "3"}, external_id="{ID}-{Line}")
    assert done.external_id == "17-3"


def test_rows_that_are_not_wanted_do_not_count():
    wanted = resource({"n": {"const": "x"}}, only={"Kind": ["good", "best"]})
    rows = [Row(at, {"ID": str(at), "Kind": kind}) for at, kind in enumerate(["good", "bad"])]
    kept = list(documents(iter(rows), wanted, TABLES, imported_at_ms=NOW_MS))
    assert [one.external_id for one in kept] == ["0"]
    others = resource({"n": {"const": "x"}}, without={"Kind": ["bad"]})
    rows = [Row(at, {"ID": str(at), "Kind": kind}) for at, kind in enumerate(["good", "bad"])]
    kept = list(documents(iter(rows), others, TABLES, imported_at_ms=NOW_MS))
    assert [one.external_id for one in kept] == ["0"]
    assert "Kind" in others.columns()


def judged(*rows, **other):
    """What becomes of rows of an id, a name and an amount, by their number."""
    rules = {"name": {"column": "Name"}, "amount": {"column": "Amount", "type": "decimal"}}
    given_ = (
        Row(at, dict(zip(("ID", "Name", "Amount"), cells, strict=True)))
        for at, cells in enumerate(rows, 2)
    )
    whole = resource(rules, **other)
    made_ = documents(given_, whole, TABLES, imported_at_ms=NOW_MS)
    return {
        (one.row if isinstance(one, Skipped) else one.rows[0]).number: said(one) for one in made_
    }


def said(one):
    match one:
        case Skipped():
            return one.why
        case Unsound():
            return one.errors[0].code
    return one.external_id


def test_an_id_that_comes_again_is_an_error_where_it_differs():
    """The last one wins nothing: both are there to be looked at."""
    first = ("7", "First", "1")
    assert judged(first, ("8", "Other", "1"), first, ("7", "Second", "1")) == {
        2: "7",
        3: "8",
        4: "repeated",
        5: "id_twice",
    }


@pytest.mark.parametrize(
    "cells",
    [("Total", "2 customers", ""), ("", "Total", "99"), ("合计：", "", "3"), ("SUM", "", "5")],
)
def test_lines_of_totals_at_the_end_are_no_records(cells):
    assert judged(("1", "A", "1"), cells) == {2: "1", 3: "footer"}
    assert judged(("1", "A", "1"), cells, ("", "Subtotal", "")) == {
        2: "1",
        3: "footer",
        4: "footer",
    }


def test_a_line_of_totals_before_the_end_is_refused():
    assert judged(("1", "A", "1"), ("Total", "", "1"), ("2", "B", "1")) == {
        2: "1",
        3: "total_row",
        4: "2",
    }


def test_a_company_called_total_is_a_record():
    assert judged(("1", "Total", "1"), ("TotalEnergies", "x", "1")) == {
        2: "1",
        3: "TotalEnergies",
    }


def test_the_country_of_a_telephone_number_may_come_from_another_column():
    rules = {
        "phone": {
            "column": "Phone",
            "region": {"column": "Country", "values": {"UK": "GB", "USA": "US"}},
        }
    }
    source = {"resources": [{**resource(rules).model_dump(), "fields": rules}]}
    whole = Mapping.model_validate(source).resources[0]
    row = Row(2, {"ID": "1", "Phone": "(206) 555-9857", "Country": "USA"})
    done = document(row, whole)
    assert done.body["phone"] == "+1 206-555-9857"
    row = Row(2, {"ID": "1", "Phone": "1", "Country": "Prussia"})
    wrong = document(row, whole)
    assert isinstance(wrong, list)
    (error,) = wrong
    assert (error.code, error.column) == ("unknown_value", "Country, Phone")


def test_parts_that_are_empty_are_not_joined():
    rule = {"join": {"columns": ["A", "B", "C"], "mark": ", "}}
    done = made({"name": rule}, {"A": "Suite 5", "B": "", "C": "Main St"})
    assert done.body["name"] == "Suite 5, Main St"
    assert "name" not in made({"name": rule}, {"A": "", "B": "", "C": ""}).body


def test_the_sign_of_an_amount_may_be_in_another_column():
    rule = {
        "column": "Amount",
        "type": "decimal",
        "sign": {"column": "Side", "minus": ["C", "H"], "plus": ["D", "S"]},
    }
    assert made({"amount": rule}, {"Amount": "5", "Side": "C"}).body["amount"] == "-5"
    assert made({"amount": rule}, {"Amount": "5", "Side": "D"}).body["amount"] == "5"
    (error,) = made({"amount": rule}, {"Amount": "5", "Side": "X"})
    assert (error.code, error.column) == ("unknown_value", "Amount, Side")


ENTRIES = {
    "fields": {"memo": {"column": "Memo"}},
    "rows": {
        "into": "lines",
        "fields": {
            "account": "Account",
            "debit": {"column": "Amount", "type": "decimal", "part": "positive"},
            "credit": {"column": "Amount", "type": "decimal", "part": "negative"},
        },
    },
    "source_version": "none",
}


def grouped(*cells, **other):
    """What becomes of rows of an entry's id, its memo, an account and an amount."""
    whole = resource(**(ENTRIES | other))
    names = ("ID", "Memo", "Account", "Amount")
    rows = (Row(at, dict(zip(names, one, strict=True))) for at, one in enumerate(cells, 2))
    return list(documents(rows, whole, TABLES, imported_at_ms=NOW_MS))


def test_several_rows_make_one_document_wherever_they_are():
    first, second = grouped(
        ("7", "Rent", "6601", "100"),
        ("8", "Sale", "1002", "5"),
        ("7", "Rent", "1002", "-100"),
        ("8", "Sale", "5001", "-5"),
    )
    assert first.body == {
        "external_id": "7",
        "memo": "Rent",
        "lines": [{"account": "6601", "debit": "100"}, {"account": "1002", "credit": "100"}],
    }
    assert [row.number for row in first.rows] == [2, 4]
    assert [row.number for row in second.rows] == [3, 5]


def test_one_bad_row_keeps_its_document_back_and_others_go():
    bad, good = grouped(
        ("7", "Rent", "6601", "100"), ("7", "Rent", "1002", "x"), ("8", "Sale", "1002", "5")
    )
    assert [(one.row, one.field, one.code) for one in bad.errors] == [
        (3, "debit", "not_decimal"),
        (3, "credit", "not_decimal"),
    ]
    assert [row.number for row in bad.rows] == [2, 3]
    assert good.external_id == "8"


def test_rows_of_one_document_agree_in_what_is_said_of_all():
    (bad,) = grouped(("7", "Rent", "6601", "100"), ("7", "Tent", "1002", "-100"))
    assert [(one.row, one.column, one.code) for one in bad.errors] == [(3, "Memo", "rows_differ")]
