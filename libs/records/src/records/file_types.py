"""Types of files: what their names end in, and how their content is recognised.

A file is recognised by the first bytes that its format prescribes, packages (Office, OpenDocument,
OFD) by what is in them, text by being text. So few types need no library of a thousand.
"""

import codecs
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

__all__ = ["FILE_TYPES", "OCTETS", "FileType", "recognise", "type_of_name"]

OCTETS = "application/octet-stream"
PIECE_BYTES = 256 * 1024


@dataclass(frozen=True)
class FileType:
    """A type that may be attached. `content` is what `recognise` calls it.

    `served_as`: the Content-Type of downloads; octets where a browser might take it for a page.
    `also`: other media types that callers declare for it.
    """

    media_type: str
    content: str
    served_as: str = ""
    also: frozenset[str] = frozenset()

    def is_declared_by(self, media_type: str) -> bool:
        """Whether a caller that sends this media type means such a file, or says nothing."""
        return media_type in {"", OCTETS, self.media_type, *self.also}


_OFFICE = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
_CSV = frozenset({"application/csv", "text/plain", "application/vnd.ms-excel"})

FILE_TYPES: Mapping[str, FileType] = {
    "csv": FileType("text/csv", "text", OCTETS, _CSV),
    "docx": FileType(f"{_OFFICE}.wordprocessingml.document", "docx"),
    "gif": FileType("image/gif", "gif"),
    "jpeg": FileType("image/jpeg", "jpeg", also=frozenset({"image/jpg"})),
    "jpg": FileType("image/jpeg", "jpeg", also=frozenset({"image/jpg"})),
    "odp": FileType(f"{_OPEN}.presentation", "odp"),
    "ods": FileType(f"{_OPEN}.spreadsheet", "ods"),
    "odt": FileType(f"{_OPEN}.text", "odt"),
    "ofd": FileType("application/ofd", "ofd", OCTETS),
    "pdf": FileType("application/pdf", "pdf"),
    "png": FileType("image/png", "png"),
    "pptx": FileType(f"{_OFFICE}.presentationml.presentation", "pptx"),
    "tif": FileType("image/tiff", "tiff"),
    "tiff": FileType("image/tiff", "tiff"),
    "txt": FileType("text/plain", "text", OCTETS),
    "webp": FileType("image/webp", "webp"),
    "xlsx": FileType(f"{_OFFICE}.spreadsheetml.sheet", "xlsx"),
    "zip": FileType("application/zip", "zip", also=frozenset({"application/x-zip-compressed"})),
}
"""By what a name ends in."""

_BEGINNINGS = (
    (b"%PDF-1.", "pdf"),
    (b"%PDF-2.", "pdf"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
)
_PACKAGES = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "ppt/presentation.xml": "pptx",
    "OFD.xml": "ofd",
}
_OPEN_TYPES = {FILE_TYPES[one].media_type: one for one in ("odt", "ods", "odp")}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NEVER_IN_TEXT = frozenset(map(chr, {*range(32), 127} - {9, 10, 12, 13, 26}))
_DIRECTORY_BYTES_MAX = 1024 * 1024
_DIRECTORY_END = struct.Struct("<4s4H2LH")
_COMMENT_MAX = 0xFFFF


def type_of_name(filename: str) -> tuple[str, FileType | None]:
    """What the name ends in, in small letters, and the type that this is."""
    ending = filename.rpartition(".")[2].lower() if "." in filename else ""
    return ending, FILE_TYPES.get(ending)


def recognise(file: BinaryIO) -> str:
    """What the content is: the `content` of a type, or in words what else was found."""
    file.seek(0)
    head = file.read(16)
    for beginning, name in _BEGINNINGS:
        if head.startswith(beginning):
            return name
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "webp"
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _package(file)
    return _text(file)


def _package(file: BinaryIO) -> str:
    if not _has_small_directory(file):
        return "a package that is damaged or has too many parts"
    try:
        with zipfile.ZipFile(file) as package:
            names = set(package.namelist())
            if any(name.lower().endswith("vbaproject.bin") for name in names):
                return "a document with macros"
            for part, name in _PACKAGES.items():
                if part in names:
                    return name
            return _OPEN_TYPES.get(_declared_inside(package, names), "zip")
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError, RuntimeError):
        return "a damaged package"


def _has_small_directory(file: BinaryIO) -> bool:
    """Whether the list of the package's parts may be read: whole it stands in memory."""
    size = file.seek(0, 2)
    start = max(0, size - _COMMENT_MAX - _DIRECTORY_END.size)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if (
        at < 0
        or len(tail) - at < _DIRECTORY_END.size
        or b"PK\x06\x07" in tail[max(0, at - 20) : at]
    ):
        return False
    return int(_DIRECTORY_END.unpack_from(tail, at)[5]) <= _DIRECTORY_BYTES_MAX


def _declared_inside(package: zipfile.ZipFile, names: set[str]) -> str:
    """The media type that an OpenDocument package names in its first part."""
    if "mimetype" not in names:
        return ""
    part = package.getinfo("mimetype")
    longest = 200
    if part.compress_type != zipfile.ZIP_STORED or part.file_size > longest:
        return ""
    return package.read(part).decode("ascii", "replace").strip()


def _text(file: BinaryIO) -> str:
    """Text in UTF-8, UTF-16 with its mark, or GB18030; not the source of a page."""
    file.seek(0)
    head = file.read(4)
    marked = next((name for mark, name in _BOMS if head.startswith(mark)), None)
    for encoding in (marked,) if marked else ("utf-8", "gb18030"):
        found = _read_as(file, encoding)
        if found:
            return found
    return "of no known type"


def _read_as(file: BinaryIO, encoding: str) -> str:
    decoder = codecs.getincrementaldecoder(encoding)()
    file.seek(0)
    begun = ""
    try:
        while piece := file.read(PIECE_BYTES):
            text = decoder.decode(piece)
            if not _NEVER_IN_TEXT.isdisjoint(text):
                return ""
            begun = begun or text.lstrip("\ufeff \t\r\n\f")[:1]
        decoder.decode(b"", final=True)
    except UnicodeError:
        return ""
    return "a page with markup" if begun == "<" else "text"
