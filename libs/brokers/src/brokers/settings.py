"""Settings `KAFKA_...`: where the brokers are and how they let us in; the same for all services."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Self

from pydantic import AliasChoices, Field, FilePath, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from brokers.connection import Brokers, Mechanism, Protocol
from brokers.credentials import ClientCredentials, authorities

__all__ = ["KafkaSettings"]


class _Group(NamedTuple):
    """Settings that count only where something else is said."""

    where: str
    applies: bool
    needed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


def _name(setting: str) -> AliasChoices:
    return AliasChoices(f"KAFKA_{setting}")


class KafkaSettings(BaseSettings):
    """Brokers, and what proves to them who we are. Contradictions are refused with words."""

    model_config = SettingsConfigDict(hide_input_in_errors=True)

    kafka_bootstrap_servers: str | None = Field(
        default=None,
        validation_alias=_name("BOOTSTRAP_SERVERS"),
        description="Kafka brokers, host:port by comma; unset: no broker is contacted.",
    )
    kafka_partitions: int = Field(
        default=12,
        ge=1,
        le=1000,
        validation_alias=_name("PARTITIONS"),
        description="Partitions of each topic, fixed when it is created; never changed in place.",
    )
    kafka_security_protocol: Protocol = Field(
        default="PLAINTEXT",
        validation_alias=_name("SECURITY_PROTOCOL"),
        description="How brokers are spoken to: `PLAINTEXT`, `SSL` (TLS), `SASL_PLAINTEXT` (log-in "
        "without TLS) or `SASL_SSL` (log-in over TLS). Production refuses those without TLS, but "
        "in a private network.",
    )
    kafka_sasl_mechanism: Mechanism | None = Field(
        default=None,
        validation_alias=_name("SASL_MECHANISM"),
        description="How a log-in is proved: `PLAIN`, `SCRAM-SHA-256`, `SCRAM-SHA-512` or "
        "`OAUTHBEARER`. Needed with `SASL_PLAINTEXT` and `SASL_SSL`.",
    )
    kafka_sasl_username: str | None = Field(
        default=None,
        validation_alias=_name("SASL_USERNAME"),
        description="Name for `PLAIN` and SCRAM.",
    )
    kafka_sasl_password: SecretStr | None = Field(
        default=None,
        validation_alias=_name("SASL_PASSWORD"),
        description="Password for `PLAIN` and SCRAM.",
    )
    kafka_ssl_ca_file: FilePath | None = Field(
        default=None,
        validation_alias=_name("SSL_CA_FILE"),
        description="Certificates (PEM) of the authority that vouches for the brokers, in place of "
        "the public ones; unset: those that the package certifi brings.",
    )
    kafka_ssl_certificate_file: FilePath | None = Field(
        default=None,
        validation_alias=_name("SSL_CERTIFICATE_FILE"),
        description="Our own certificate (PEM, with those between it and its authority), where "
        "brokers know their clients by certificates.",
    )
    kafka_ssl_key_file: FilePath | None = Field(
        default=None,
        validation_alias=_name("SSL_KEY_FILE"),
        description="The private key (PEM) of that certificate.",
    )
    kafka_ssl_key_password: SecretStr | None = Field(
        default=None,
        validation_alias=_name("SSL_KEY_PASSWORD"),
        description="Password of the private key; unset: it is not encrypted.",
    )
    kafka_oauth_token_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s#]+$",
        validation_alias=_name("OAUTH_TOKEN_URL"),
        description="Where tokens for `OAUTHBEARER` are asked for by client credentials, such as "
        "https://id.example.com/oauth2/token.",
    )
    kafka_oauth_client_id: str | None = Field(
        default=None,
        validation_alias=_name("OAUTH_CLIENT_ID"),
        description="As whom tokens are asked for.",
    )
    kafka_oauth_client_secret: SecretStr | None = Field(
        default=None,
        validation_alias=_name("OAUTH_CLIENT_SECRET"),
        description="The secret of that client.",
    )
    kafka_oauth_scope: str | None = Field(
        default=None,
        validation_alias=_name("OAUTH_SCOPE"),
        description="Scopes to ask for, by blanks; unset: those that the issuer gives by itself.",
    )
    kafka_oauth_ca_file: FilePath | None = Field(
        default=None,
        validation_alias=_name("OAUTH_CA_FILE"),
        description="Certificates (PEM) of the authority that vouches for the issuer of tokens; "
        "unset: those that the package certifi brings.",
    )

    @model_validator(mode="after")
    def _brokers_can_be_reached(self) -> Self:
        if wrong := [*self._contradictions()] or [*self._unreadable()]:
            raise ValueError("; ".join(wrong))
        return self

    @property
    def brokers(self) -> Brokers | None:
        """Where events are published and read; None: there is no broker."""
        servers = self.kafka_bootstrap_servers
        return self._brokers(servers) if servers else None

    def _brokers(self, servers: str) -> Brokers:
        return Brokers(
            servers,
            protocol=self.kafka_security_protocol,
            mechanism=self.kafka_sasl_mechanism,
            username=self.kafka_sasl_username,
            password=self.kafka_sasl_password,
            ca_file=self.kafka_ssl_ca_file,
            certificate_file=self.kafka_ssl_certificate_file,
            key_file=self.kafka_ssl_key_file,
            key_password=self.kafka_ssl_key_password,
            credentials=self._credentials,
        )

    @property
    def _credentials(self) -> ClientCredentials | None:
        url, client = self.kafka_oauth_token_url, self.kafka_oauth_client_id
        secret = self.kafka_oauth_client_secret
        if url is None or client is None or secret is None:
            return None
        scope, ca_file = self.kafka_oauth_scope, self.kafka_oauth_ca_file
        return ClientCredentials(url, client, secret, scope=scope, ca_file=ca_file)

    def unencrypted_brokers(self) -> Iterator[str]:
        """What others on the way could read or change, with what to do."""
        if self.kafka_bootstrap_servers and not self._with_tls:
            said = "log-ins and events" if self.kafka_sasl_mechanism else "events"
            yield (
                f"KAFKA_SECURITY_PROTOCOL is {self.kafka_security_protocol}: in production {said} "
                "are not sent to brokers without TLS; set it to SSL or SASL_SSL"
            )

    @property
    def _with_tls(self) -> bool:
        return self.kafka_security_protocol.endswith("SSL")

    def _groups(self) -> tuple[_Group, ...]:
        mechanism, sasl = self.kafka_sasl_mechanism, "SASL" in self.kafka_security_protocol
        return (
            _Group(
                "KAFKA_SECURITY_PROTOCOL is SASL_SSL or SASL_PLAINTEXT",
                applies=sasl,
                needed=("sasl_mechanism",),
            ),
            _Group(
                "KAFKA_SASL_MECHANISM is PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512",
                applies=mechanism not in {None, "OAUTHBEARER"},
                needed=("sasl_username", "sasl_password"),
            ),
            _Group(
                "KAFKA_SASL_MECHANISM is OAUTHBEARER",
                applies=mechanism == "OAUTHBEARER",
                needed=("oauth_token_url", "oauth_client_id", "oauth_client_secret"),
                allowed=("oauth_scope", "oauth_ca_file"),
            ),
            _Group(
                "KAFKA_SECURITY_PROTOCOL is SSL or SASL_SSL",
                applies=self._with_tls,
                allowed=("ssl_ca_file", "ssl_certificate_file"),
            ),
            _Group(
                "KAFKA_SSL_CERTIFICATE_FILE is set",
                applies=self.kafka_ssl_certificate_file is not None,
                needed=("ssl_key_file",),
                allowed=("ssl_key_password",),
            ),
        )

    def _contradictions(self) -> Iterator[str]:
        for group in self._groups():
            for setting in (*group.needed, *group.allowed):
                given, name = bool(getattr(self, f"kafka_{setting}")), f"KAFKA_{setting.upper()}"
                if given and not group.applies:
                    yield f"{name} is set, and used only where {group.where}"
                if not given and group.applies and setting in group.needed:
                    yield f"{name} is not set, and needed where {group.where}"

    def _unreadable(self) -> Iterator[str]:
        """Files of certificates and keys that cannot be used."""
        files = {
            "KAFKA_SSL_CA_FILE": self.kafka_ssl_ca_file,
            "KAFKA_OAUTH_CA_FILE": self.kafka_oauth_ca_file,
        }
        wrong = [name for name, path in files.items() if path and not _certifies(path)]
        yield from (f"{name}: {files[name]} has no certificates (PEM)" for name in wrong)
        if self.kafka_ssl_certificate_file and not wrong:
            try:
                self._brokers("").ssl_context()
            except OSError as refused:  # of which errors of TLS are some
                yield (
                    "KAFKA_SSL_CERTIFICATE_FILE and KAFKA_SSL_KEY_FILE are no certificate with its "
                    f"key (PEM), or KAFKA_SSL_KEY_PASSWORD does not open it: {refused}"
                )


def _certifies(ca_file: Path) -> bool:
    try:
        authorities(ca_file)
    except OSError:
        return False
    return True
