"""Codes that a telephone works out from a secret and the time (TOTP, RFC 6238), and spare codes.

A code is six digits and belongs to a step of 30 seconds. A setting says whether those of the steps
before and after count as well: for codes that were read in time, and for clocks that differ.
"""

import base64
import hmac
import secrets
from datetime import datetime
from typing import NamedTuple

import pyotp

__all__ = [
    "RECOVERY_CODES",
    "STEP_SECONDS",
    "Steps",
    "new_recovery_codes",
    "new_secret",
    "plain",
    "step_of",
    "uri_of",
]

STEP_SECONDS = 30
RECOVERY_CODES = 10
_RANDOM_BYTES = 15
_GROUP = 4


class Steps(NamedTuple):
    """How many steps before and after that of now count as well."""

    before: int
    after: int


def new_secret() -> str:
    """A secret of 160 random bits, in base 32."""
    return pyotp.random_base32()


def uri_of(secret: str, *, login: str, issuer: str) -> str:
    """What a telephone reads, as a QR code."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(
        name=login, issuer_name=issuer
    )


def step_of(secret: str, code: str, *, now: datetime, steps: Steps) -> int | None:
    """The step that the code belongs to; None: to none of those that count now."""
    totp, at = pyotp.TOTP(secret, interval=STEP_SECONDS), int(now.timestamp()) // STEP_SECONDS
    sent = code.strip().encode()
    for step in range(at + steps.after, at - steps.before - 1, -1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), sent):
            return step
    return None


def new_recovery_codes() -> list[str]:
    """Codes for the day when the telephone is lost: 120 random bits each, in groups of four."""
    return [_grouped(secrets.token_bytes(_RANDOM_BYTES)) for _ in range(RECOVERY_CODES)]


def plain(recovery_code: str) -> str:
    """A recovery code as it is hashed: without groups, in small letters."""
    return recovery_code.replace("-", "").replace(" ", "").lower()


def _grouped(random: bytes) -> str:
    text = base64.b32encode(random).decode().lower()
    return "-".join(text[at : at + _GROUP] for at in range(0, len(text), _GROUP))
