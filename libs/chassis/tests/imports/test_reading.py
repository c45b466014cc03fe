"""Rows to documents: exact, and with every reason why not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.imports.mapping import FieldRule, Mapping, MappingError, Resource
from chassis.imports.reading import (
    Document,
    Row,
    document,
    documents,
    load_tables,
    missing_columns,
    read_rows,
)
from chassis.imports.values import OMIT, Refused, field_value

NOW_MS = 1_700_000_000_000
TABLES = {("C.csv", "ID", "Name"): {"1": "Drinks", "2": ""}}


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
    return document(row, resource(fields, **other), TABLES, imported_at_ms=NOW_MS)


def value(text, **rule):
    return field_value(FieldRule.model_validate({"column": "A", **rule}), {"A": text}, TABLES)


def test_a_row_becomes_a_document_with_its_id_and_version():
    done = made({"name": {"column": "Name"}}, {"Name": "  Tea "})
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
        ("12.345", {"type": "decimal", "digits": 2}, "12.35"),
        ("-12.345", {"type": "decimal", "digits": 2}, "-12.35"),
        ("9.65", {"type": "decimal", "times": "0.70", "digits": 2}, "6.76"),
        ("21.35", {"type": "decimal", "times": "0.70", "digits": 2}, "14.95"),
        ("1e3", {"type": "decimal"}, "1000"),
        ("18", {"type": "decimal", "digits": 0}, "18"),
        ("0.1", {"type": "decimal", "times": "3"}, "0.3"),
        ("7", {"type": "int"}, 7),
        ("Yes", {"type": "bool"}, True),
        ("0", {"type": "bool"}, False),
        ("1996-07-04", {"type": "date"}, "1996-07-04"),
        ("4.7.1996", {"type": "date", "format": "%d.%m.%Y"}, "1996-07-04"),
        ("", {}, OMIT),
        ("  ", {"when_empty": "null"}, None),
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
    whole, fraction = value(text, type="decimal", digits=2).lstrip("-").split(".")
    assert int(whole) * 100 + int(fraction) == (size + 5) // 10


def test_every_wrong_field_of_a_row_is_told_with_its_column():
    errors = made(
        {"price": {"column": "P", "type": "decimal"}, "day": {"column": "D", "type": "date"}},
        {"P": "x", "D": "y", "ID": " ", "Rev": "new"},
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
    done = made({"name": {"const": "x"}}, {"Rev": " 41 "}, source_version=rule)
    assert done.body.get("source_version") == version


def test_an_id_may_be_made_of_several_columns():
    done = made({"n": {"const": "x"}}, {"Line": "3"}, external_id="{ID}-{Line}")
    assert done.external_id == "17-3"


def test_rows_that_are_not_wanted_do_not_count():
    wanted = resource({"n": {"const": "x"}}, only={"Kind": ["good", "best"]})
    rows = [Row(at, {"ID": str(at), "Kind": kind}) for at, kind in enumerate(["good", "bad "])]
    kept = list(documents(iter(rows), wanted, TABLES, imported_at_ms=NOW_MS))
    assert [one.external_id for one in kept] == ["0"]
    others = resource({"n": {"const": "x"}}, without={"Kind": ["bad"]})
    rows = [Row(at, {"ID": str(at), "Kind": kind}) for at, kind in enumerate(["good", " bad"])]
    kept = list(documents(iter(rows), others, TABLES, imported_at_ms=NOW_MS))
    assert [one.external_id for one in kept] == ["0"]
    assert "Kind" in others.columns()


class TestFiles:
    """CSV files as they come."""

    source = Mapping(resources=[resource({"name": {"column": "Name"}})])

    @pytest.fixture
    def write(self, tmp_path):
        def written(content, name="P.csv"):
            path = tmp_path / name
            path.write_bytes(content)
            return path

        return written

    def test_rows_are_counted_as_a_spreadsheet_does(self, write):
        path = write(b'ID,Name\n1,"two\nlines"\n2,Tea\n')
        rows = list(read_rows(path, self.source))
        assert [(row.number, row.values["Name"]) for row in rows] == [(2, "two\nlines"), (3, "Tea")]

    def test_a_byte_order_mark_is_no_part_of_the_first_column(self, write):
        path = write("\ufeffID,Name\n1,茶\n".encode())
        assert missing_columns(path, self.source, {"ID", "Name"}) == []
        assert next(read_rows(path, self.source)).values == {"ID": "1", "Name": "茶"}

    def test_another_encoding_and_delimiter_can_be_declared(self, write):
        source = self.source.model_copy(update={"encoding": "gb18030", "delimiter": ";"})
        path = write("ID;Name\n1;茶\n".encode("gb18030"))
        assert next(read_rows(path, source)).values["Name"] == "茶"
        with pytest.raises(MappingError, match="is not utf-8-sig; set `encoding`"):
            list(read_rows(path, self.source))
        assert missing_columns(write(b"\xff\xfe"), self.source, {"ID"}) != []

    @pytest.mark.parametrize("line", ["1", "1,Tea,more"])
    def test_a_row_of_another_length_stops_the_import(self, write, line):
        path = write(f"ID,Name\n0,x\n{line}\n".encode())
        with pytest.raises(MappingError, match="row 3: this row has more or fewer fields"):
            list(read_rows(path, self.source))

    def test_a_broken_quote_stops_the_import(self, write):
        with pytest.raises(MappingError, match=r"P\.csv: row"):
            list(read_rows(write(b'ID,Name\n1,"open\n'), self.source))

    def test_a_missing_column_or_file_is_told_with_what_there_is(self, write, tmp_path):
        path = write(b"ID,Title\n1,x\n")
        (problem,) = missing_columns(path, self.source, {"ID", "Name"})
        assert problem.endswith("P.csv: there is no column 'Name'; it has: ID, Title")
        assert "No such file" in missing_columns(tmp_path / "no.csv", self.source, {"ID"})[0]
        with pytest.raises(MappingError, match="No such file"):
            list(read_rows(tmp_path / "no.csv", self.source))

    def test_look_up_tables_are_read_once_and_checked(self, write, tmp_path):
        rule = {"column": "Name", "lookup": {"file": "C.csv", "key": "ID", "value": "Name"}}
        source = Mapping(resources=[resource({"category": rule})])
        write(b"ID,Name\n 1 , Drinks \n", "C.csv")
        assert load_tables(tmp_path, source) == {("C.csv", "ID", "Name"): {"1": "Drinks"}}
        write(b"ID,Title\n1,x\n", "C.csv")
        with pytest.raises(MappingError, match="no column 'Name'"):
            load_tables(tmp_path, source)

    def test_the_number_of_a_failed_row_is_kept_when_it_is_sent_again(self, write):
        path = write(b"ID,Name,import_row,import_error\n1,Tea,4711,wrong\n")
        assert next(read_rows(path, self.source)).number == 4711
