"""Settings of the CRM: `CRM_...` in the environment."""

from typing import ClassVar, cast

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.storage.reading import Setting
from records.settings import RecordSettings

__all__ = ["CrmSettings", "settings_of"]


class CrmSettings(RecordSettings):
    """What the CRM reads from its environment."""

    model_config = SettingsConfigDict(env_prefix="CRM_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "crm"

    port: int = Field(default=8002, ge=0, le=65535, description="Port the API listens on.")
    rate_max_age_days: int = Field(
        default=7,
        ge=0,
        le=366,
        description="For how many days an exchange rate counts, where no later one is there.",
    )
    robot_post_days: int = Field(
        default=30,
        ge=1,
        le=3650,
        description="Days after which it is deleted that a robot sent a public form, which made "
        "no lead.",
    )
    late_lead_fields: str = Field(
        default="",
        max_length=4000,
        description="Keys of the custom fields of leads, by comma, that are filled in only once "
        "the outcome is known: no score rule may ask for them.",
    )
    company_name: str = Field(
        default="", max_length=200, description="Our own name, as contracts and quotes print it."
    )
    company_address: str = Field(
        default="", max_length=400, description="Our own address, as they print it, in one line."
    )
    company_tax_id: str = Field(
        default="", max_length=32, description="Our own tax number, as they print it."
    )


def settings_of(setting: Setting) -> CrmSettings:
    """The CRM's own settings of where an act runs."""
    return cast("CrmSettings", setting.settings)
