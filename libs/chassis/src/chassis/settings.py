"""Settings every service has. A service subclasses this with its own prefix and fields."""

import re
from pathlib import Path
from typing import Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chassis.production import GuardedSettings, shared
from chassis.secret_files import SecretFiles

__all__ = ["LOG_IN", "ServiceSettings"]

LOG_IN = ("/v1/sessions", "/v1/password-invitations/accept")
"""Paths under /v1 that are for callers who are not known yet; small bodies are enough there."""
LOG_IN_BYTES_MAX = 4096


class ServiceSettings(GuardedSettings):
    """What a service reads from its environment; every field has a default that runs as it is."""

    model_config = SettingsConfigDict(extra="ignore", populate_by_name=True)

    revision: str = Field(
        default="unknown",
        validation_alias=shared("TANDEM_REVISION"),
        description="The commit that was built, as `GET /version` tells it; the image sets it.",
    )
    data_dir: Path = Field(
        default=Path(".tandem"),
        validation_alias=shared("TANDEM_DATA"),
        description="Folder of the embedded database and other local state.",
    )
    host: str = Field(default="127.0.0.1", description="Address the API listens on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port the API listens on.")
    public_url: str | None = Field(
        default=None,
        pattern=r"^https?://[^\s?#]+$",
        description="Where callers reach the service, such as https://erp.example.com; events name "
        "their schemas under it. Unset: http:// with the address and port the API listens on.",
    )
    cors_origins: str | None = Field(
        default=None,
        pattern=r"^(\*|https?://[^\s,/*]+(,https?://[^\s,/*]+)*)$",
        description="Origins whose pages may call the API from a browser, such as "
        "https://shop.example.com, by comma; `*`: any. Unset: none.",
    )
    cors_credentials: bool = Field(
        default=False,
        description="Browsers may send cookies of theirs along, as a proxy with a login of its own "
        "needs; the API itself reads none. Not with `*` as origin.",
    )
    rate_limit_key: str | None = Field(
        default=None,
        description="Requests that each API key or user may send, such as 6000/minute; over all "
        "processes. Unset: any number.",
    )
    rate_limit_source: str | None = Field(
        default=None,
        description="Requests to /v1 that may come from one address, or one /64 of IPv6, such as "
        "12000/minute. Behind a proxy FORWARDED_ALLOW_IPS names it, else all callers are one.",
    )
    rate_limit_logins: str = Field(
        default="100/minute",
        description="Attempts to log in that may come from one address; of them 10 a minute and 60 "
        "an hour with one login. Behind a proxy FORWARDED_ALLOW_IPS names it.",
    )
    zone: str = Field(
        default="Asia/Shanghai", description="IANA time zone that decides the business day."
    )
    currency: str = Field(
        default="CNY", pattern="^[A-Z]{3}$", description="The installation's currency (ISO 4217)."
    )
    language: Literal["en", "zh-CN"] = Field(
        default="en", description="Language of texts when the caller names none."
    )
    pool_size: int = Field(default=8, ge=2, le=100, description="Database connections held.")
    pool_reads: int = Field(
        default=2,
        ge=0,
        description="So many of them are kept for reads: changes wait for one of the others.",
    )
    pool_wait_seconds: float = Field(
        default=10.0,
        gt=0,
        description="How long a request waits for a database connection; then it is answered 503 "
        "`connections_busy`.",
    )
    max_body_bytes: int = Field(
        default=2 * 1024 * 1024, ge=1024, description="Largest request body accepted, in bytes."
    )
    head_timeout_seconds: float = Field(
        default=10.0, gt=0, description="Within it the head of a request must have come whole."
    )
    body_timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        description="Each time so long, 16 KiB of a body must have come, or its end, and as "
        "much of a reply must have been read; else the connection is closed.",
    )
    connections_max: int = Field(
        default=1000,
        ge=1,
        description="Connections to the API at once; one more is refused with 503. The limit of "
        "open files is raised to it; where the system allows fewer, the log says how many.",
    )
    connections_max_per_source: int = Field(
        default=500,
        ge=1,
        description="Connections at once from one address, or one /64 of IPv6; one more is refused "
        "with 503. Proxies, which FORWARDED_ALLOW_IPS names, have as many as they need.",
    )
    metrics_port: int | None = Field(
        default=None,
        ge=1,
        le=65535,
        description="Port of /metrics, apart from the API's. Unset: /metrics is on the API's port "
        "in development, and nowhere in production.",
    )
    metrics_max_age_seconds: float = Field(
        default=5.0,
        ge=0,
        description="A page of /metrics answers who asks within this time: it is not free to make.",
    )
    planned_requests: bool = Field(
        default=True,
        validation_alias=shared("TANDEM_PLANNED_REQUESTS"),
        description="Requests in order are answered by plans made at start; `false`: FastAPI "
        "answers each request by itself, the same, with up to a third more processor time.",
    )
    lock_timeout_seconds: float = Field(
        default=5.0,
        gt=0,
        description="How long a request waits for a row another one holds; then it is answered 409 "
        "`busy`.",
    )
    statement_timeout_seconds: float = Field(
        default=30.0,
        gt=0,
        description="How long one statement of a request may take in the database; then it is "
        "answered 503 `took_too_long`.",
    )
    job_timeout_seconds: float = Field(
        default=3600.0,
        gt=0,
        description="How long one statement of a job or a command may take in the database.",
    )
    idempotency_days: int = Field(
        default=30, ge=1, description="Days a used Idempotency-Key is remembered."
    )
    outbox_retention_days: int = Field(
        default=14, ge=1, description="Days a published event stays readable in the feed."
    )
    feed_consumer_days: int = Field(
        default=30,
        ge=1,
        description="Days after which a reader of the feed that has not come is forgotten: events "
        "are no longer kept for it.",
    )
    bootstrap_key_file: Path | None = Field(
        default=None, description="JSON file of API keys and users to create at first start."
    )
    log_format: Literal["json", "console"] = Field(
        default="json", description="Form of log lines on standard output."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="Least level of log lines. Requests are logged at `info`, what failed above.",
    )

    @field_validator("zone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as unknown:
            message = f"{name!r} is no IANA time zone; write one such as Asia/Shanghai or UTC"
            raise ValueError(message) from unknown
        return name

    @field_validator("rate_limit_key", "rate_limit_source", "rate_limit_logins")
    @classmethod
    def _rate_is_one(cls, rate: str | None) -> str | None:
        if rate is not None and not re.fullmatch(r"[1-9][0-9]*/(second|minute|hour|day)", rate):
            message = f"{rate!r} is no rate; write one such as 600/minute"
            raise ValueError(message)
        return rate

    @model_validator(mode="after")
    def _credentials_are_for_named_origins(self) -> Self:
        if self.cors_credentials and self.cors_origins == "*":
            message = "cors_credentials needs the origins by name, not *"
            raise ValueError(message)
        return self

    def unhurried(self) -> Self:
        """The same for worker and commands: statements may take as long as those of jobs."""
        longer = {"statement_timeout_seconds": self.job_timeout_seconds, "pool_wait_seconds": 30.0}
        return self.model_copy(update=longer | {"pool_reads": 0})

    def largest_body(self, path: str) -> int:
        """The largest body that a request to this path may have, in bytes."""
        return LOG_IN_BYTES_MAX if path in LOG_IN else self.max_body_bytes

    @property
    def time_zone(self) -> ZoneInfo:
        """The installation's zone."""
        return ZoneInfo(self.zone)

    @property
    def base_url(self) -> str:
        """Where callers reach the service, without a slash at the end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = "localhost" if self.host in {"0.0.0.0", "::"} else self.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments win over the environment, the environment over `*_FILE` settings."""
        return init_settings, env_settings, SecretFiles(settings_cls)
