"""The brokers of an installation, and the arguments that every client of them takes."""

import ssl
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from brokers.credentials import ClientCredentials, authorities

__all__ = ["Brokers", "Mechanism", "Protocol"]

Protocol = Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"]
Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


@dataclass(frozen=True)
class Brokers:
    """Where Kafka answers, as `host:port` by comma, and how its brokers let us in.

    Files are read anew for each client, so a certificate that was renewed is used by the next one.
    """

    servers: str
    protocol: Protocol = "PLAINTEXT"
    mechanism: Mechanism | None = None
    username: str | None = None
    password: SecretStr | None = None
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    key_password: SecretStr | None = None
    credentials: ClientCredentials | None = None

    @property
    def encrypted(self) -> bool:
        """Whether nobody else can read what is said."""
        return self.protocol.endswith("SSL")

    def client_arguments(self) -> dict[str, Any]:
        """What every client of aiokafka is given. Raises ssl.SSLError and OSError for files."""
        return {
            "bootstrap_servers": self.servers,
            "security_protocol": self.protocol,
            "ssl_context": self.ssl_context() if self.encrypted else None,
            # Without SASL the mechanism means nothing, but the client wants one.
            "sasl_mechanism": self.mechanism or "PLAIN",
            "sasl_plain_username": self.username,
            "sasl_plain_password": self.password and self.password.get_secret_value(),
            "sasl_oauth_token_provider": self._tokens,
        }

    def ssl_context(self) -> ssl.SSLContext:
        """Who vouches for the brokers, and our own certificate. Raises ssl.SSLError, OSError."""
        context = authorities(self.ca_file)
        if self.certificate_file is not None:
            password = self.key_password.get_secret_value() if self.key_password else ""
            # With an empty answer a key that has a password is refused, and nobody is asked for it.
            context.load_cert_chain(self.certificate_file, self.key_file, password=password)
        return context

    @cached_property
    def _tokens(self) -> Any:
        """One for all clients, so that they share the token."""
        if self.credentials is None:
            return None
        from brokers.tokens import TokenSource  # noqa: PLC0415 - B62: only with such a broker

        return TokenSource(self.credentials)
