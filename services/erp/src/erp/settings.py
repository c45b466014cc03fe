"""Settings of the ERP: `ERP_...` in the environment."""

from typing import ClassVar

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.settings import ServiceSettings

__all__ = ["ErpSettings"]


class ErpSettings(ServiceSettings):
    """What the ERP reads from its environment."""

    model_config = SettingsConfigDict(env_prefix="ERP_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "erp"

    port: int = Field(default=8001, ge=0, le=65535, description="Port the API listens on.")
