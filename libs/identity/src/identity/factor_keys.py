"""How secrets of second factors are encrypted: AES-256-GCM, by keys that no database has."""

import base64
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from chassis.settings import ServiceSettings
from identity.settings import identity_settings

__all__ = ["FactorKeys", "FactorUnreadable", "factor_keys", "key_file", "keys_given"]

MARK = "aes:"
"""What is encrypted begins so, then the key's name, then nonce and text in base 64."""

KEY_BYTES = 32
NONCE_BYTES = 12


class FactorUnreadable(Exception):
    """None of the keys decrypts a secret: its key is missing, or it is another person's."""


@dataclass(frozen=True)
class FactorKeys:
    """Keys of 256 bits by their names, which follow from them; the newest encrypts."""

    newest: str
    by_name: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Keys in base 64, the newest first, by comma or line. Raises ValueError."""
        keys = [_key(one) for one in text.replace(",", " ").split()]
        if not keys:
            message = "there is no key of a second factor"
            raise ValueError(message)
        names = [hashlib.sha256(key).hexdigest()[:16] for key in keys]
        return cls(names[0], dict(zip(names, keys, strict=True)))

    def encrypt(self, secret: str, user_id: UUID) -> str:
        """The secret as it is stored, for this person alone."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        content = AESGCM(self.by_name[self.newest]).encrypt(nonce, secret.encode(), user_id.bytes)
        return f"{MARK}{self.newest}:{base64.b64encode(nonce + content).decode()}"

    def decrypt(self, stored: str, user_id: UUID) -> str:
        """The person's secret; one of a release that did not encrypt is as it is.

        Raises FactorUnreadable.
        """
        if not stored.startswith(MARK):
            return stored
        _, name, text = stored.split(":")
        content = base64.b64decode(text)
        key = self.by_name.get(name)
        if key is None:
            message = f"the key {name} of second factors is not among those of the settings"
            raise FactorUnreadable(message)
        try:
            nonce, encrypted = content[:NONCE_BYTES], content[NONCE_BYTES:]
            return AESGCM(key).decrypt(nonce, encrypted, user_id.bytes).decode()
        except InvalidTag as other:
            message = f"the second factor of {user_id} was not encrypted for this person"
            raise FactorUnreadable(message) from other


def factor_keys(settings: ServiceSettings) -> FactorKeys:
    """The keys of the settings, else in development that of the data folder, made at first use.

    Raises ValueError where they cannot be used; in production where there are none.
    """
    given = keys_given(settings)
    if given:
        return given
    path = key_file(settings)
    if not path.exists():
        _make(path)
    return FactorKeys.parse(path.read_text(encoding="ascii"))


def keys_given(settings: ServiceSettings) -> FactorKeys | None:
    """The keys of the settings. Raises ValueError as `factor_keys` does."""
    text, name = identity_settings(settings).second_factor_keys, settings.service.upper()
    if text is not None:
        try:
            return FactorKeys.parse(text.get_secret_value())
        except ValueError as wrong:
            message = f"{name}_SECOND_FACTOR_KEYS: {wrong}"
            raise ValueError(message) from None
    if settings.environment == "production":
        message = (
            f"{name}_SECOND_FACTOR_KEYS is not set: in production it is needed to encrypt second "
            "factors; `openssl rand -base64 32` makes one"
        )
        raise ValueError(message)
    return None


def key_file(settings: ServiceSettings) -> Path:
    """Where the key is kept in development, for who runs the service alone."""
    return settings.data_dir / f"{settings.service}-second-factor.key"


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        message = "a key is 32 bytes in base 64, as `openssl rand -base64 32` makes it"
        raise ValueError(message)
    return key


def _make(path: Path) -> None:
    """Make the file whole or not at all; of processes that make it at once one wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
    try:
        os.link(fresh, path)
    except FileExistsError:
        return
    finally:
        fresh.unlink()
