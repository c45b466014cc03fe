"""What proves who somebody is: authorities that vouch for servers, and an OAuth client of ours."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import certifi
from pydantic import SecretStr

__all__ = ["ClientCredentials", "authorities"]


def authorities(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or newer towards servers whose certificates and names are checked.

    Without a file the public authorities vouch for them. Raises ssl.SSLError, OSError.
    """
    return ssl.create_default_context(cafile=ca_file or certifi.where())


@dataclass(frozen=True)
class ClientCredentials:
    """Where tokens for OAUTHBEARER are asked for, and as whom."""

    token_url: str
    client_id: str
    client_secret: SecretStr
    scope: str | None = None
    ca_file: Path | None = None
