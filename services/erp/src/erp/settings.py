"""Settings of the ERP: `ERP_...` in the environment."""

from decimal import Decimal
from typing import ClassVar, Literal, cast

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from chassis.storage.reading import Setting
from records.settings import RecordSettings
from values.text import Code

__all__ = ["ErpSettings", "settings_of"]


class ErpSettings(RecordSettings):
    """What the ERP reads from its environment."""

    model_config = SettingsConfigDict(env_prefix="ERP_", extra="ignore", populate_by_name=True)
    service: ClassVar[str] = "erp"

    port: int = Field(default=8001, ge=0, le=65535, description="Port the API listens on.")
    charge_tax_code: Code | None = Field(
        default=None,
        description="Tax code of charges (freight) on invoices of orders, which must exist; "
        "unset: they are not taxed.",
    )
    write_off_max: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=1000,
        description="What may be left open of a document or a payment, and is written off where "
        "that is asked for (`write_off_rest`), in the company's currency; 0: nothing.",
    )
    write_off_account: str = Field(
        default="payment_difference",
        min_length=1,
        max_length=64,
        description="Account (code or role) that bears small differences of payments.",
    )
    bad_debt_account: str = Field(
        default="bad_debt",
        min_length=1,
        max_length=64,
        description="Account (code or role) that bears bad debts.",
    )
    reserve_days_ahead: int | None = Field(
        default=None,
        ge=0,
        le=3650,
        description="Goods are reserved for an order so many days before it needs them, 0: on the "
        "day; unset: as soon as it is confirmed.",
    )
    soft_reservation_days: int = Field(
        default=14,
        ge=1,
        le=365,
        description="A soft reservation expires so many days after it is made where no time is "
        "named; none is made or extended for longer from then.",
    )
    planning_holidays: str | None = Field(
        default=None,
        max_length=3,
        description="Country (ISO 3166 code) whose public holidays and make-up days planning keeps,"
        " with Monday to Friday worked; unset: it counts every day.",
    )
    rush_decided_by: Literal["person", "policy"] = Field(
        default="person",
        description="Who decides rush requests. person: whoever has `rush.decide`; policy: each is "
        "granted at once where it delays nobody too long, else refused.",
    )
    rush_delay_days_max: int | None = Field(
        default=None,
        ge=0,
        le=3650,
        description="By so many days a rush request may delay another order; unset: by any.",
    )
    rush_surcharge_percent: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=1000,
        decimal_places=4,
        description="What a granted rush request costs the customer, in percent of the net of the "
        "order; 0: nothing.",
    )
    bookkeeping_years: int = Field(
        default=10,
        ge=0,
        le=100,
        description="Calendar years after that of the last posting for which it is kept whom "
        "documents of an erased person were made out to.",
    )


def settings_of(setting: Setting) -> ErpSettings:
    """The ERP's own settings of where an act runs."""
    return cast("ErpSettings", setting.settings)
