"""What production refuses: settings by which others could read or change what is said."""

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, model_validator
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from brokers.settings import KafkaSettings
from chassis.mistyped import mistyped_settings
from chassis.secret_files import VARIABLES, secret_files

__all__ = ["GuardedSettings", "files_of_everybody", "shared"]

VERIFIED = "verify-full"
CONTAINER_SECRETS = Path("/run/secrets")
"""Docker mounts secrets there as it likes; nobody else is in the container."""


def shared(name: str) -> AliasChoices:
    """A setting known by one name in every service, without the service's prefix."""
    return AliasChoices(name)


class GuardedSettings(KafkaSettings):
    """Where tokens, databases and other services come from, judged before anything starts."""

    service: ClassVar[str] = ""

    environment: Literal["development", "production"] = Field(
        default="development",
        validation_alias=shared("TANDEM_ENV"),
        description="In production, unsafe defaults refuse to start.",
    )
    private_network: bool = Field(
        default=False,
        validation_alias=shared("TANDEM_PRIVATE_NETWORK"),
        description="Nobody else can read what goes between the services and to database, Kafka "
        "and scanner, as among containers of one machine or in a mesh with TLS of its own: "
        "production then takes http and connections without TLS there.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description="PostgreSQL URL of the runtime role; unset: the embedded server is used.",
    )
    migration_database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL URL of the role that owns the tables."
    )
    jwt_issuer: str | None = Field(
        default=None, description="Issuer whose access tokens are accepted; unset: none are."
    )
    jwt_audience: str | None = Field(
        default=None, description="Audience an accepted access token must name."
    )
    jwks_url: str | None = Field(
        default=None, description="Where the issuer publishes its signing keys (JWK Set)."
    )

    @model_validator(mode="after")
    def _nothing_is_mistyped(self) -> Self:
        if wrong := list(mistyped_settings(type(self))):
            raise ValueError("; ".join(wrong))
        return self

    @model_validator(mode="after")
    def _production_is_safe(self) -> Self:
        if self.environment == "production" and (wrong := self.unsafe()):
            raise ValueError("; ".join(wrong))
        return self

    def unsafe(self) -> list[str]:
        """Everything that production refuses of these settings, each with what to do."""
        name = self.service.upper()
        issuers = {
            f"{name}_JWT_ISSUER": self.jwt_issuer,
            f"{name}_JWKS_URL": self.jwks_url,
            "KAFKA_OAUTH_TOKEN_URL": self.kafka_oauth_token_url,
        }
        wrong = [*_not_https(issuers), *files_of_everybody(secret_files(type(self)))]
        if self.database_url is None:
            wrong.append(
                f"{name}_DATABASE_URL is not set: in production the embedded "
                "database is refused; give the URL of a PostgreSQL server"
            )
        if not self.private_network:
            urls = {
                f"{name}_DATABASE_URL": self.database_url,
                f"{name}_MIGRATION_DATABASE_URL": self.migration_database_url,
            }
            given = {one: url.get_secret_value() for one, url in urls.items() if url}
            wrong += [*_not_https(self.targets), *_databases_without_tls(given)]
            wrong += self.unencrypted_brokers()
        return wrong

    @property
    def targets(self) -> Mapping[str, str | None]:
        """Other services that this one calls: their addresses, by the names of the settings."""
        return {}


def _not_https(urls: Mapping[str, str | None]) -> Iterator[str]:
    """Which of the addresses, by the settings that give them, are not https."""
    for name, url in urls.items():
        if url and not url.lower().startswith("https://"):
            yield f"{name} is {url}: in production it must be an https:// address"


def files_of_everybody(files: Mapping[str, Path]) -> Iterator[str]:
    """Which of the files, by the settings that name them, every user of the machine can read."""
    for name, path in files.items():
        if path.is_relative_to(CONTAINER_SECRETS) or not path.exists():
            continue
        if path.stat().st_mode & stat.S_IROTH:
            yield f"{name}: everybody can read {path}; chmod 640 {path}, or less"


def _databases_without_tls(urls: Mapping[str, str]) -> Iterator[str]:
    """Which of the databases are reached without TLS that proves who answers.

    A Unix socket needs none. What a URL does not say, the variables PGHOST and PGSSLMODE say.
    """
    for name, text in urls.items():
        try:
            url = make_url(text)
        except ArgumentError:
            yield f"{name} is no URL such as postgresql://role:password@db.example.com/tandem"
            continue
        if not _is_socket(url) and _ssl_mode(url) != VERIFIED:
            yield (
                f"{name} reaches its server without verified TLS: add ?sslmode={VERIFIED}"
                "&sslrootcert=/path/ca.pem, or set PGSSLMODE and PGSSLROOTCERT"
            )


def _is_socket(url: URL) -> bool:
    given = url.query.get("host") or VARIABLES.get("PGHOST") or "/"
    hosts = (given,) if isinstance(given, str) else given
    return url.host is None and all(one.startswith("/") for one in hosts)


def _ssl_mode(url: URL) -> str | None:
    said = url.query.get("sslmode") or url.query.get("ssl")
    return said if isinstance(said, str) else VARIABLES.get("PGSSLMODE")
