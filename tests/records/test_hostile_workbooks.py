"""Workbooks that are made to harm whoever reads them: named as no workbook, and nothing is read."""

import io
import zipfile
from pathlib import Path

import openpyxl
import pytest

from records.sheets.reading import Form, open_rows
from values.sheets.refused import FileRefused

SHEET = "xl/worksheets/sheet1.xml"
SECRET = "what only the server knows"
ENTITY = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY outside SYSTEM "{}">]>'
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)


def workbook() -> bytes:
    """A workbook with one column and one row."""
    book = openpyxl.Workbook()
    book.active.append(["Name"])
    book.active.append(["MARK"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rewritten(path: Path, part: str, change) -> Path:
    """A workbook one of whose parts was rewritten."""
    with (
        zipfile.ZipFile(io.BytesIO(workbook())) as before,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for one in before.namelist():
            content = before.read(one)
            after.writestr(one, change(content) if one == part else content)
    return path


def read(path: Path) -> str:
    """All that the cells say; empty where the file is refused."""
    try:
        columns, rows = open_rows(path, Form())
        return repr((columns, [row.cells for row in rows]))
    except FileRefused:
        return ""


@pytest.mark.parametrize("part", [SHEET, "xl/workbook.xml", "xl/sharedStrings.xml"])
def test_nothing_outside_of_a_workbook_is_read_for_it(tmp_path, part):
    """ASVS 1.5.1: an external entity stands for nothing, be it a file or an address."""
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)

    def change(content: bytes) -> bytes:
        body = (
            content.decode().partition("?>")[2]
            if content.startswith(b"<?xml")
            else content.decode()
        )
        return (ENTITY.format(secret.as_uri()) + body.replace("MARK", "&outside;")).encode()

    assert SECRET not in read(rewritten(tmp_path / "book.xlsx", part, change))


@pytest.mark.parametrize("part", [SHEET, "xl/sharedStrings.xml"])
def test_an_entity_of_entities_does_not_grow(tmp_path, part):
    """ASVS 1.5.1: a billion of them are never written out."""

    def change(content: bytes) -> bytes:
        body = (
            content.decode().partition("?>")[2]
            if content.startswith(b"<?xml")
            else content.decode()
        )
        return (LAUGHS + body.replace("MARK", "&a9;")).encode()

    assert len(read(rewritten(tmp_path / "book.xlsx", part, change))) < 10_000


def test_a_small_file_that_unpacks_to_a_large_one_is_refused(tmp_path):
    """ASVS 5.2.3: before anything of it is unpacked."""
    path = rewritten(tmp_path / "book.xlsx", SHEET, lambda content: content + b" " * 200_000_000)
    assert path.stat().st_size < 1_000_000
    with pytest.raises(FileRefused) as refused:
        open_rows(path, Form())
    assert [one.code for one in refused.value.problems] == ["workbook"]
