"""What accounts are, and how far they have come."""

from enum import StrEnum

__all__ = ["AccountKind", "Stage"]


class AccountKind(StrEnum):
    """Whether we deal with a firm or with a person."""

    COMPANY = "company"
    PERSON = "person"


class Stage(StrEnum):
    """A prospect has not bought yet."""

    PROSPECT = "prospect"
    CUSTOMER = "customer"
