"""The filters of who has an e-mail address and a phone number."""

from typing import Protocol

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from chassis.storage.searching import Kept, having
from crm.settings import settings_of
from records.reads import RecordQuery, record_filters
from values.email import email_key
from values.phone import TAIL_DIGITS, phone_of, trailing_digits

__all__ = ["ReachedQuery", "reachable"]

_ENDS_IN_EIGHT = """right(phone_digits, 8) = ({0}::text[])[1] and phone_digits <> ''
  and (phone_e164 = '' or ({0}::text[])[2] = '' or phone_e164 = ({0}::text[])[2])"""
_ENDS_IN_FEWER = "phone_digits like '%' || {}"
_NOBODYS = "{}::text is null"


class ReachedQuery(RecordQuery, Protocol):
    """A query by address and number too."""

    email: str | None
    phone: str | None


def reachable(kept: Kept, at: Reading, query: ReachedQuery) -> list[Filter]:
    """The conditions that accounts, contacts and leads share."""
    key = email_key(query.email) if query.email else None
    return [
        *record_filters(kept.table, query),
        Filter("email_key = {} and email_key <> ''", key),
        _called(kept, query.phone, settings_of(at.setting).region),
    ]


def _called(kept: Kept, phone: str | None, region: str) -> Filter:
    """Whose number it is, or ends like this. A valid number is not that of another valid one."""
    digits = trailing_digits(phone or "")
    if not digits:
        return Filter(_NOBODYS, phone)
    if len(digits) < TAIL_DIGITS:
        return Filter(_ENDS_IN_FEWER, digits, having(kept, digits), is_rest=True)
    return Filter(_ENDS_IN_EIGHT, [digits, phone_of(phone or "", region=region).e164])
