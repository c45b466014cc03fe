"""Settings of the bridge: `BRIDGE_...` in the environment."""

import ssl
from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, FilePath, SecretStr
from pydantic_settings import SettingsConfigDict

from identity.settings import IdentitySettings
from sync_bridge.ownership import Half

__all__ = ["BridgeSettings"]


class BridgeSettings(IdentitySettings):
    """What the bridge reads from its environment. Without a URL it is idle, and healthy."""

    model_config = SettingsConfigDict(env_prefix="BRIDGE_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "bridge"

    port: int = Field(default=8003, ge=0, le=65535, description="Port the API listens on.")
    erp_url: str | None = Field(
        default=None, description="Where the ERP is, such as http://127.0.0.1:8001."
    )
    erp_key: SecretStr | None = Field(default=None, description="API key for the ERP.")
    crm_url: str | None = Field(
        default=None, description="Where the CRM is, such as http://127.0.0.1:8002."
    )
    crm_key: SecretStr | None = Field(default=None, description="API key for the CRM.")
    ca_file: FilePath | None = Field(
        default=None,
        description="Certificates (PEM) of the authority that vouches for the ERP and the CRM, in "
        "place of the public ones; unset: those that the package certifi brings.",
    )
    kafka_instance: str | None = Field(
        default=None,
        pattern="^[A-Za-z0-9._-]{1,100}$",
        description="Name of this process among those that read Kafka: the same after a restart, "
        "another for each process; unset: the host's name.",
    )
    concurrency: int = Field(
        default=8,
        ge=1,
        le=64,
        description="Calls to one half under way at the same time from one process.",
    )
    timeout_seconds: float = Field(
        default=10.0, gt=0, le=120, description="How long a call to a half may take."
    )
    lease_seconds: float = Field(
        default=15.0,
        ge=1,
        le=600,
        description="After this time without a sign of life another process takes a lane over.",
    )
    gap_seconds: float = Field(
        default=2.0,
        ge=0,
        le=600,
        description="How long a lane waits for a version that is missing before it goes on.",
    )
    backoff_cap_seconds: float = Field(
        default=30.0, gt=0, le=3600, description="Longest pause between two tries of a lane."
    )
    inbox_days: int = Field(
        default=90,
        ge=30,
        description="Days a settled event is kept, and known when it comes again.",
    )
    attempts_max: int = Field(
        default=30,
        ge=1,
        description="Tries in a row that may have failed by the event's own fault, such as server "
        "errors, after which a lane is parked for a person.",
    )
    failing_hours_max: float = Field(
        default=168.0,
        gt=0,
        description="Hours of failing in a row, for whatever reasons, after which a lane is parked "
        "for a person.",
    )
    standing_seconds: float = Field(
        default=60.0,
        gt=0,
        le=86_400,
        description="Seconds of failing in a row, or of waiting for what nothing brings, after "
        "which a lane counts as stopped.",
    )

    @property
    def source_names(self) -> tuple[str, ...]:
        """What is followed to learn of events and records, as the worker names it."""
        if not self.connects:
            return ()
        events = ("kafka",) if self.brokers else ("feed:crm", "feed:erp")
        return (*events, "states:crm", "states:erp")

    @property
    def connects(self) -> bool:
        """Whether both halves are known: only then is there anything to deliver."""
        return self.crm_url is not None and self.erp_url is not None

    def reaches(self, half: Half) -> tuple[str, SecretStr | None] | None:
        """Where a half is and with which key; None when it is not part of this installation."""
        url, key = (self.crm_url, self.crm_key) if half == "crm" else (self.erp_url, self.erp_key)
        return None if url is None else (url, key)

    @property
    def authorities(self) -> ssl.SSLContext | bool:
        """Who vouches for the halves: as httpx takes it. Raises ssl.SSLError: no certificates."""
        return ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True

    @property
    def targets(self) -> Mapping[str, str | None]:
        """The halves that the bridge calls."""
        return {"BRIDGE_ERP_URL": self.erp_url, "BRIDGE_CRM_URL": self.crm_url}
