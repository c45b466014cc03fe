"""Why a file is not taken, or not given."""

from typing import ClassVar

from chassis.problems.problem import Problem

__all__ = [
    "AttachmentContentMissing",
    "AttachmentDeleted",
    "AttachmentInfected",
    "FileTypeMismatch",
    "FileTypeNotAllowed",
    "RangeNotSatisfiable",
    "ScanRefused",
    "ScannerUnavailable",
    "TooManyAttachments",
]


class FileTypeNotAllowed(Problem):
    """The name ends in no type of file that may be attached."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "file_type_not_allowed"
    title: ClassVar[str] = "Files of this type are not accepted"
    detail: ClassVar[str] = (
        "{filename} is not accepted. A name may end in: {allowed}. Save the file as one of these, "
        "or ask the administrator to allow its type."
    )


class FileTypeMismatch(Problem):
    """The content is not what the name or the Content-Type says, or carries macros or markup."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "file_type_mismatch"
    title: ClassVar[str] = "The content is not what the name says"
    detail: ClassVar[str] = (
        "{filename} was sent as {declared}, but its content is {found}. Give the file the name "
        "and type that it has; files with macros and pages with markup are not accepted."
    )


class AttachmentInfected(Problem):
    """The virus scanner found something in the file."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "attachment_infected"
    title: ClassVar[str] = "The virus scanner found something in the file"
    detail: ClassVar[str] = (
        "The scanner reports: {finding}. The file is not accepted and not given."
    )


class ScannerUnavailable(Problem):
    """The virus scanner does not answer; what it has not scanned is neither taken nor given."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "scanner_unavailable"
    title: ClassVar[str] = "The virus scanner does not answer"
    detail: ClassVar[str] = "Files are not accepted or given unscanned. Try again shortly."
    retry_after_seconds: ClassVar[int | None] = 30


class ScanRefused(Problem):
    """The virus scanner would not scan the file, such as one beyond its own limit."""

    status: ClassVar[int] = 422
    code: ClassVar[str] = "scan_refused"
    title: ClassVar[str] = "The virus scanner does not scan this file"
    detail: ClassVar[str] = (
        "The scanner answers: {answer}. Send a smaller file, or ask the administrator to raise "
        "the scanner's limit."
    )


class TooManyAttachments(Problem):
    """The record has as many attachments, or as many bytes of them, as one may have."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "too_many_attachments"
    title: ClassVar[str] = "The record has no room for this attachment"
    detail: ClassVar[str] = (
        "A record may have {count_max} attachments with {bytes_max} bytes together; this one has "
        "{count} with {bytes} bytes. Delete some that are not needed any more."
    )


class AttachmentDeleted(Problem):
    """The attachment was deleted; who and when is known, its content is gone."""

    status: ClassVar[int] = 410
    code: ClassVar[str] = "attachment_deleted"
    title: ClassVar[str] = "The attachment was deleted"
    detail: ClassVar[str] = "{deleted_by} deleted it at {deleted_at}; its content is gone."


class AttachmentContentMissing(Problem):
    """The file is not in the folder of attachments, such as after a restore without the folder."""

    status: ClassVar[int] = 503
    code: ClassVar[str] = "attachment_content_missing"
    title: ClassVar[str] = "The content of the attachment is missing"
    detail: ClassVar[str] = (
        "The folder of attachments does not have the file. Ask the administrator to restore it "
        "from the backup."
    )


class RangeNotSatisfiable(Problem):
    """The part asked for begins after the end of the file."""

    status: ClassVar[int] = 416
    code: ClassVar[str] = "range_not_satisfiable"
    title: ClassVar[str] = "The file has no such part"
    detail: ClassVar[str] = "The file has {size} bytes. Ask for a part that begins within it."

    def headers(self) -> dict[str, str]:
        """How long the file is."""
        return {"Content-Range": f"bytes */{self.facts['size']}"}
