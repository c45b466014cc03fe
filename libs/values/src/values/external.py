"""How a record of another system is named."""

from typing import Annotated

from pydantic import Field, StringConstraints

from values.text import ONE_LINE

__all__ = ["ExternalId", "SourceVersion", "System"]

System = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_-]{0,31}$",
        description="The short name of the other system: `crm`, `erp`, `shop`, ...",
    ),
]
"""The short name of another system."""

ExternalId = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200, pattern=ONE_LINE),
    Field(description="The record's id in the other system."),
]
"""A record's id in the system it comes from."""

SourceVersion = Annotated[
    int,
    Field(
        strict=True,
        ge=1,
        le=2**53 - 1,
        description="Version of the sender's record. One that is not newer than the last taken "
        "changes nothing.",
    ),
]
"""The sender's own count of the record's changes."""
