"""What customers and suppliers are."""

from enum import StrEnum

__all__ = ["PartyKind"]


class PartyKind(StrEnum):
    """Whether we deal with a firm or with a person."""

    COMPANY = "company"
    PERSON = "person"
