"""E-mail addresses: the name before the @ keeps its case, the domain has one spelling.

Whether an address receives anything, only a message tells; so nobody is asked here.
"""

import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, StringConstraints
from pydantic_core import PydanticCustomError

__all__ = ["Email", "email_key"]


@dataclass(frozen=True, slots=True)
class _Address:
    shown: str
    key: str


@lru_cache(maxsize=256)  # an address that comes in is read twice: as it is shown, and by its key
def _address_of(text: str) -> _Address | None:
    try:
        valid = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return None
    local = unicodedata.normalize("NFC", text.rpartition("@")[0])
    return _Address(f"{local}@{valid.domain}", f"{local.casefold()}@{valid.ascii_domain}")


def email_key(text: str) -> str:
    """What two spellings of one address have in common: for comparing, never for sending."""
    known = _address_of(text)
    return known.key if known else text.casefold()


def _checked(text: str) -> str:
    if not text:
        return ""
    known = _address_of(text)
    if known is None:
        raise PydanticCustomError("email_form", "Write an e-mail address such as name@company.com.")
    return known.shown


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=254),
    AfterValidator(_checked),
]
"""An e-mail address, its domain in one spelling; empty where none is known."""
