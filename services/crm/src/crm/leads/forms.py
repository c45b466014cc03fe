"""Public forms: what they ask, and how a robot is told from a person. No database, no web."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from enum import StrEnum

__all__ = ["FormInput", "StampAge", "age_of", "stamped"]

VALID_HOURS = 24


class FormInput(StrEnum):
    """What a form may ask for."""

    NAME = "name"
    COMPANY = "company"
    TITLE = "title"
    EMAIL = "email"
    PHONE = "phone"
    NOTE = "note"


class StampAge(StrEnum):
    """Whether a form was sent in the time in which people do."""

    GOOD = "good"
    FORGED = "forged"
    TOO_YOUNG = "too_young"
    EXPIRED = "expired"


def stamped(key: bytes, now: datetime) -> str:
    """The time at which a form was shown, signed, so that nobody makes up another one."""
    shown = str(int(now.timestamp() * 1000))
    return f"{shown}.{_signature(key, shown)}"


def age_of(key: bytes, stamp: str, now: datetime, *, at_least_seconds: int) -> StampAge:
    """How long ago a form was shown, as its stamp says."""
    shown, _, signature = stamp.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(key, shown).encode()):
        return StampAge.FORGED
    age = now - datetime.fromtimestamp(int(shown) / 1000, UTC)
    if age < timedelta(seconds=at_least_seconds):
        return StampAge.TOO_YOUNG
    return StampAge.EXPIRED if age > timedelta(hours=VALID_HOURS) else StampAge.GOOD


def _signature(key: bytes, shown: str) -> str:
    return hmac.new(key, shown.encode(), hashlib.sha256).hexdigest()[:32]
