"""The CSV files that a mapping names."""

from pathlib import Path

from importer.errors import MappingError
from importer.rules import FileForm
from values.sheets import csv_files
from values.sheets.csv_files import CsvFile
from values.sheets.refused import FileRefused

__all__ = ["open_csv"]


def open_csv(path: Path, form: FileForm, needed: set[str]) -> CsvFile:
    """The file, with every needed column. Raises MappingError with all that is wrong with it."""
    said = {"encoding": form.encoding, "delimiter": form.delimiter, "short_rows": form.short_rows}
    try:
        return csv_files.open_csv(path, needed, **said)
    except OSError as failed:
        raise MappingError([f"{path}: {failed}"]) from failed
    except FileRefused as refused:
        raise MappingError([f"{path}: {one}" for one in refused.problems]) from refused
