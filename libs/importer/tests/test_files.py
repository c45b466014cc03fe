"""CSV files as they come: encodings, separators, odd rows, and numbers that a spreadsheet shows."""

import pytest

from importer.documents import load_tables
from importer.errors import MappingError
from importer.files import open_csv
from importer.mapping import Mapping
from importer.rules import FileForm
from values.sheets.csv_files import neutral

CHINESE = "ID,Name\n1,上海贸易\n2,北京商店公司\n"


@pytest.fixture
def read(tmp_path):
    """Rows of a file: number and name, or the code of why it could not be read."""

    def rows(content, name="P.csv", **form):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        file = open_csv(path, FileForm.model_validate(form), {"ID", "Name"})
        return [
            (row.number, row.unread.code if row.unread else row.values["Name"])
            for row in file.rows()
        ]

    return rows


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (CHINESE.encode(), {}),
        (CHINESE.encode("utf-8-sig"), {}),
        (CHINESE.encode("utf-8-sig"), {"encoding": "utf-8"}),
        (CHINESE.encode("utf-16"), {}),
        (b"\xfe\xff" + CHINESE.encode("utf-16-be"), {"encoding": "utf-16"}),
        (CHINESE.encode("utf-16-be"), {"encoding": "utf-16-be"}),
        (CHINESE.encode("gb18030"), {"encoding": "gb18030"}),
        (CHINESE.encode("gbk"), {"encoding": "gbk"}),
        (CHINESE.replace("\n", "\r\n").encode(), {}),
        (CHINESE.replace("\n", "\r").encode(), {}),
        (CHINESE.replace(",", ";").encode(), {"delimiter": ";"}),
        (CHINESE.replace(",", "\t").encode("utf-16"), {"delimiter": "\t"}),
        (("sep=;\r\n" + CHINESE.replace(",", ";")).encode(), {}),
        (("sep=;\r\n" + CHINESE.replace(",", ";")).encode(), {"delimiter": ";"}),
        (CHINESE.encode() + b"\x1a", {}),
    ],
)
def test_every_way_to_write_a_file_gives_the_same_rows(read, content, form):
    assert read(content, **form) == [(2, "上海贸易"), (3, "北京商店公司")]


WESTERN = "ID,Name\n1,Müller GmbH\n2,Café Größe\n3,Señor Peña\n"


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "cp1250"])
def test_western_text_is_read_as_declared(read, encoding):
    text = WESTERN if encoding != "cp1250" else WESTERN.replace("ñ", "ň")
    assert read(text.encode(encoding), encoding=encoding)[0] == (2, "Müller GmbH")


@pytest.mark.parametrize(
    ("content", "form", "told"),
    [
        (CHINESE.encode("gbk"), {}, "is not utf-8; if it is Chinese, say `encoding: gb18030`"),
        (CHINESE.encode("gbk"), {"encoding": "latin-1"}, "accented letters in a row"),
        (CHINESE.encode("gbk"), {"encoding": "cp1252"}, "say `encoding: gb18030`"),
        (CHINESE.encode(), {"encoding": "gb18030"}, "it is UTF-8, not gb18030"),
        (CHINESE.encode(), {"encoding": "latin-1"}, "it is UTF-8, not latin-1"),
        (CHINESE.encode("utf-8-sig"), {"encoding": "gb18030"}, "the mark of utf-8"),
        (CHINESE.encode("utf-16"), {"encoding": "latin-1"}, "the mark of utf-16"),
        ("ID,Name\n1,Москва\n".encode("cp1251"), {"encoding": "cp1252"}, "in a row"),
        (CHINESE.encode("utf-16-le"), {}, "P.csv"),
        (b"\xff\xfe\x00", {}, "not utf-16"),
        (WESTERN.encode("latin-1"), {}, "line 2 is not utf-8"),
        (b"PK\x03\x04" + b"\0" * 100, {}, "a workbook, not CSV"),
        (CHINESE.replace(",", ";").encode(), {}, r"perhaps `delimiter: ';'`"),
        (b"sep=;\nID,Name\n", {"delimiter": ","}, "its first line says sep=;"),
        (b"ID,Name,Zip,Name\n1,a,b,c\n", {}, "two columns are called 'Name'"),
        (b"ID,Title\n1,x\n", {}, "there is no column 'Name'; it has: ID, Title"),
        (b"", {}, "there is no column 'ID'"),
    ],
)
def test_a_file_that_would_be_misread_is_refused_before_anything_is_sent(read, content, form, told):
    with pytest.raises(MappingError) as wrong:
        read(content, **form)
    assert told in str(wrong.value)


def test_one_line_of_another_encoding_is_that_rows_error(tmp_path):
    """450 good rows, one of another encoding: it alone is refused, when its cell is looked at."""
    lines = "ID,Name\n" + "".join(f"{at},公司{at}\n" for at in range(450))
    path = tmp_path / "P.csv"
    path.write_bytes(lines.encode() + b"900,\xc9\xcf\xba\xa3\n901,last\n")
    rows = list(open_csv(path, FileForm(), {"ID", "Name"}).rows())
    assert len(rows) == 452
    assert rows[450].values["Name"] == "\udcc9\udcfa\udca3" or "\udcc9" in rows[450].values["Name"]
    assert rows[451].values["Name"] == "last"


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ('ID,Name\n1,"two\nlines"\n2,Tea\n', [(2, "two\nlines"), (3, "Tea")]),
        ("ID,Name\n1,A\n\n\n2,B\n", [(2, "A"), (5, "B")]),
        ("ID,Name\n1,A\n,\n2,B\n", [(2, "A"), (4, "B")]),
        ("ID,Name\n1,A\n   \n2,B\n", [(2, "A"), (4, "B")]),
        ("\nID,Name\n1,A\n", [(3, "A")]),
        ("ID,Name,,\n1,A,,\n2,B\n", [(2, "A"), (3, "B")]),
        ("ID,Name\n1,A,,\n2,B\n", [(2, "A"), (3, "B")]),
        ("ID, Name \n1,A\n", [(2, "A")]),
        ("ID,Name\n1, \u00a0A\u3000\n2,\u200bB\ufeff\n", [(2, "A"), (3, "B")]),
        ('ID,Name\n1,5" pipe\n', [(2, '5" pipe')]),
        ("ID,Name\n1,'=1+1\n2,'t Hooft\n3,''+1\n", [(2, "=1+1"), (3, "'t Hooft"), (4, "'+1")]),
    ],
)
def test_rows_have_the_numbers_that_a_spreadsheet_shows(read, content, rows):
    assert read(content) == rows


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        ("ID,Name\n1\n2,B\n", [(2, "short_row"), (3, "B")]),
        ("ID,Name\n1,Bad, Inc\n2,B\n", [(2, "long_row"), (3, "B")]),
        ('ID,Name\n1,"5" pipe"\n2,B\n', [(2, "bad_quotes"), (3, "B")]),
        ('ID,Name\n1,"Never\n2,B\n3,C\n', [(2, "bad_quotes"), (3, "B"), (4, "C")]),
        ("ID,Name\n1," + "x" * 200_000 + "\n2,B\n", [(2, "bad_quotes"), (3, "B")]),
        (
            'ID,Name\n1,"Never\n' + "2,B\n" * 40_000,
            [(2, "bad_quotes"), *((at, "B") for at in range(3, 40_003))],
        ),
    ],
)
def test_a_row_that_cannot_be_read_is_no_end(read, content, rows):
    assert read(content) == rows


def test_cells_that_a_row_lacks_are_empty_where_the_mapping_says_so(read):
    assert read("ID,Name\n1\n2,B\n", short_rows="fill") == [(2, ""), (3, "B")]


def test_the_number_of_a_failed_row_is_kept_when_it_is_sent_again(read):
    header = "ID,Name,import_row,import_error,import_line\n"
    assert read(header + '1,Tea,4711,wrong,\n,,4712,wrong,"7,""x"\n') == [
        (4711, "Tea"),
        (4712, "unread_row"),
    ]


class TestLookups:
    """The files that turn a key into a value."""

    source = Mapping.model_validate(
        {
            "resources": [
                {
                    "name": "items",
                    "file": "P.csv",
                    "target": "/v1/items/by-external/shop/batch",
                    "external_id": "ID",
                    "fields": {
                        "category": {
                            "column": "Name",
                            "lookup": {"file": "C.csv", "key": "ID", "value": "Name"},
                        }
                    },
                }
            ]
        }
    )

    def tables(self, folder, content):
        (folder / "C.csv").write_text(content)
        return load_tables(folder, self.source)

    def test_they_are_read_once_and_checked(self, tmp_path):
        found = self.tables(tmp_path, "ID,Name\n 1 , Drinks \n1,Drinks\n")
        assert found == {("C.csv", "ID", "Name"): {"1": "Drinks"}}

    @pytest.mark.parametrize(
        ("content", "told"),
        [
            ("ID,Title\n1,x\n", "no column 'Name'"),
            ("ID,Name\n1,x\n1,y\n", "row 3: ID '1' stands twice, as 'x' and 'y'"),
            ("ID,Name\n1\n", "row 2: This row has 1 cells"),
        ],
    )
    def test_what_could_give_a_wrong_value_is_refused(self, tmp_path, content, told):
        with pytest.raises(MappingError, match=told):
            self.tables(tmp_path, content)

    def test_a_missing_file_is_reported(self, tmp_path):
        with pytest.raises(MappingError, match="No such file"):
            load_tables(tmp_path, self.source)


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 1234", "'+49 30 1234"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        ("＠x", "'＠x"),
        (" =1", "' =1"),
        ("\u200b=1", "'\u200b=1"),
        ("\n=1", "'\n=1"),
        ("'=1", "''=1"),
        ("-12.30", "-12.30"),
        ("12", "12"),
        ("a=b", "a=b"),
        ("'t Hooft", "'t Hooft"),
        ("", ""),
    ],
)
def test_what_a_spreadsheet_would_run_is_made_text(cell, safe):
    assert neutral(cell) == safe
