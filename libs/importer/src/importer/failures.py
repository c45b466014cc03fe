"""The file of failed rows: corrected, it is sent again; and no file of anybody is overwritten."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TypeAlias

from importer.errors import MappingError, RowError
from values.sheets.csv_files import EXTRA_COLUMNS, CsvFile, Row, neutral

__all__ = ["Failed", "check_apart", "set_aside", "write_failed"]

Failed: TypeAlias = dict[int, tuple[Row, list[RowError]]]
"""Rows of a file that were not taken, by their number."""


def check_apart(errors_to: Path, source: Path, files: Iterable[str]) -> None:
    """Refuse a folder for failed rows where they would replace a file of the source."""
    wrong = [
        f"--errors {errors_to}: failed rows would replace {source / file}; name another folder"
        for file in sorted(set(files))
        if (errors_to / file).resolve() == (source / file).resolve()
        or ((errors_to / file).exists() and (errors_to / file).samefile(source / file))
    ]
    if wrong:
        raise MappingError(wrong)


def set_aside(path: Path) -> None:
    """Give a file that is there already a name with a number, so that nothing is lost."""
    if not path.exists():
        return
    number = 1
    while (kept := path.with_name(f"{path.name}.{number}")).exists():
        number += 1
    path.rename(kept)


def write_failed(path: Path, failed: Failed, file: CsvFile) -> None:
    """The failed rows as they were read, with their number, reasons and unreadable text.

    A file of an earlier import is set aside first.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    set_aside(path)
    writing = path.with_name(f".{path.name}.part")
    encoding = "utf-8-sig" if file.encoding == "utf-8" else file.encoding
    with writing.open("w", encoding=encoding, errors=file.errors, newline="") as out:
        writer = csv.writer(out, delimiter=file.delimiter)
        writer.writerow([*file.columns, *EXTRA_COLUMNS])
        for number, (row, errors) in sorted(failed.items()):
            told = "; ".join(f"{error.field or 'row'}: {error.message}" for error in errors)
            cells = [neutral(row.values[name]) for name in file.columns]
            writer.writerow([*cells, number, told, neutral(row.line)])
    writing.replace(path)
