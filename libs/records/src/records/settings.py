"""What records read from the environment of their service."""

import re
from pathlib import Path
from typing import cast

from pydantic import Field, field_validator

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from identity.settings import IdentitySettings
from records.file_types import FILE_TYPES
from values.phone import is_region

__all__ = ["RecordSettings", "record_settings", "source_version_step_max"]

ANOTHER_MACHINE = r"clamd://(?!/|localhost:|127\.)"
"""Addresses of scanners that are reached over a network; clamd's protocol does not encrypt."""


class RecordSettings(IdentitySettings):
    """Settings of a service that keeps records."""

    region: str = Field(
        default="CN",
        pattern="^[A-Z]{2}$",
        description="Country (ISO 3166-1) whose phone numbers are written without country code.",
    )
    source_version_step_max: int = Field(
        default=1_000_000,
        ge=1,
        le=2**53 - 1,
        description="A sender's version may be so far ahead of the last one taken, or a tenth of "
        "it where that is more; one further ahead is refused, as it would keep later ones out.",
    )
    attachment_bytes_max: int = Field(
        default=20 * 1024 * 1024,
        ge=1024,
        le=2**31,
        description="Largest file that may be attached to a record, in bytes.",
    )
    attachment_types: str = Field(
        default="csv,docx,gif,jpeg,jpg,odp,ods,odt,ofd,pdf,png,pptx,tif,tiff,txt,webp,xlsx",
        description="What names of attached files may end in, by comma; `zip` can be added, no "
        "other. The content must be of the same type.",
    )
    attachment_count_max: int = Field(
        default=200, ge=1, le=100_000, description="Attachments that one record may have."
    )
    attachment_record_bytes_max: int = Field(
        default=1024**3, ge=1024, description="Bytes that all attachments of a record may have."
    )
    attachment_folder: Path | None = Field(
        default=None,
        description="Folder for the content of new attachments, which the API and the worker must "
        "share, and which is backed up with the database. Unset: it is kept in the database.",
    )
    attachment_scanner: str | None = Field(
        default=None,
        description="Virus scanner: clamd://HOST:PORT, clamd:///SOCKET, or a command that is given "
        "the file's path and ends with 0 (clean) or 1 (infected). Unset: files are not scanned. "
        "What has not been scanned is neither taken nor given while it does not answer.",
    )
    attachment_scan_seconds: float = Field(
        default=60.0, gt=0, le=600, description="How long the virus scanner may take for a file."
    )

    import_max_bytes: int = Field(
        default=20_000_000, ge=1_000, le=500_000_000, description="Largest file that is imported."
    )
    import_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="Days after which the file of an import and its rows are deleted.",
    )
    export_days: int = Field(
        default=7, ge=1, le=365, description="Days after which the file of an export is deleted."
    )

    merge_undo_days: int = Field(
        default=30,
        ge=0,
        le=365,
        description="Days within which a merge of two records can be undone; what that needs is "
        "deleted after them.",
    )

    @field_validator("region")
    @classmethod
    def _region_has_phones(cls, region: str) -> str:
        if not is_region(region):
            message = f"{region!r} is no country with a telephone code; write one such as CN or US"
            raise ValueError(message)
        return region

    @field_validator("attachment_types")
    @classmethod
    def _types_are_known(cls, types: str) -> str:
        unknown = {one.strip() for one in types.split(",")} - FILE_TYPES.keys()
        if unknown:
            known = ", ".join(FILE_TYPES)
            message = f"{', '.join(sorted(unknown))!r} cannot be recognised; known are {known}"
            raise ValueError(message)
        return types

    @field_validator("attachment_scanner")
    @classmethod
    def _scanner_is_one(cls, scanner: str | None) -> str | None:
        form = r"clamd://[^/:\s]+:\d{1,5}|clamd:///\S+|/\S.*"
        if scanner is not None and not re.fullmatch(form, scanner):
            message = (
                f"{scanner!r} is no scanner; write clamd://host:3310, clamd:///run/clamd.sock or "
                "the path of a command"
            )
            raise ValueError(message)
        return scanner

    def unsafe(self) -> list[str]:
        """Everything that production refuses of these settings, each with what to do."""
        wrong, scanner = super().unsafe(), self.attachment_scanner or ""
        if not self.private_network and re.match(ANOTHER_MACHINE, scanner):
            wrong.append(
                f"{self.service.upper()}_ATTACHMENT_SCANNER is {scanner}: in production files are "
                "not sent to another machine without TLS; give clamd's socket (clamd:///...), an "
                "address of this machine, or a command"
            )
        return wrong

    @property
    def attachment_endings(self) -> frozenset[str]:
        """What names of attached files may end in."""
        return frozenset(one.strip() for one in self.attachment_types.split(","))

    def largest_body(self, path: str) -> int:
        """The largest body that a request to this path may have, in bytes."""
        if path == "/v1/imports":  # the file in base64, and what is said of it
            return max(self.max_body_bytes, self.import_max_bytes * 4 // 3 + 64 * 1024)
        return super().largest_body(path)


def record_settings(at: Reading) -> RecordSettings:
    """The settings of where an act or a read runs."""
    return cast("RecordSettings", at.setting.settings)


def source_version_step_max(work: Work) -> int:
    """How far a sender's version may be ahead of the last one taken."""
    return record_settings(work).source_version_step_max
