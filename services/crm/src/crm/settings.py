"""Settings of the CRM: `CRM_...` in the environment."""

from typing import ClassVar, cast

from pydantic import Field, field_validator
from pydantic_settings import SettingsConfigDict

from chassis.storage.reading import Setting
from records.settings import RecordSettings
from values.phone import is_region

__all__ = ["CrmSettings", "settings_of"]


class CrmSettings(RecordSettings):
    """What the CRM reads from its environment."""

    model_config = SettingsConfigDict(env_prefix="CRM_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "crm"

    port: int = Field(default=8002, ge=0, le=65535, description="Port the API listens on.")
    region: str = Field(
        default="CN",
        pattern="^[A-Z]{2}$",
        description="Country (ISO 3166-1) whose phone numbers are written without country code.",
    )

    @field_validator("region")
    @classmethod
    def _region_has_phones(cls, region: str) -> str:
        if not is_region(region):
            message = f"{region!r} is no country with a telephone code; write one such as CN or US"
            raise ValueError(message)
        return region


def settings_of(setting: Setting) -> CrmSettings:
    """The CRM's own settings of where an act runs."""
    return cast("CrmSettings", setting.settings)
