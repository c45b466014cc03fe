"""What callers ask of the catalog, and what they see."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from chassis.http.etag import EtagVersion, Revision
from crm.catalog.states import Master, PriceStatus
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.decimals import NonNegativeQuantity, PositiveQuantity
from values.external import SourceVersion
from values.money import UnitPriceChange, UnitPriceView
from values.text import Code, Emptied, Line, Name, OptionalNote, Word, unset

__all__ = [
    "AddPrice",
    "AddProduct",
    "Availability",
    "ChangePrice",
    "ChangeProduct",
    "PriceAsked",
    "PriceListView",
    "PriceQuery",
    "ProductPriceView",
    "ProductQuery",
    "ProductView",
    "QuotedPrice",
    "UpsertPrice",
    "UpsertPriceList",
    "UpsertProduct",
]

UnitCode = Annotated[
    str,
    StringConstraints(pattern="^[A-Z0-9]{2,3}$"),
    Field(description="UN/ECE Recommendation 20, such as C62 (piece) or KGM; by default C62."),
]
_MASTER = "`own`: changed here; `erp`: a read copy of the ERP's."


_LIST_PRICE = "What one unit costs where no price list says otherwise."


class ProductFields(CustomValues):
    """Fields of a product. What is left out of a change stays as it is."""

    description: OptionalNote = Field(default_factory=unset)
    category: Annotated[Word | None, Emptied] = Field(
        default_factory=unset, description="Code of the category."
    )
    unit: UnitCode = Field(default_factory=unset)
    unit_decimals: Annotated[int, Field(strict=True, ge=0, le=6)] = Field(
        default_factory=unset,
        description="With how many decimals it is counted; 0: whole pieces only. By default as "
        "is usual for the unit.",
    )
    active: StrictBool = Field(default_factory=unset, description="False: no longer for sale.")
    discontinued_on: Day | None = Field(
        default=None, description="First day on which it is no longer sold."
    )


class AddProduct(ProductFields):
    """Begin to sell something."""

    code: Code
    name: Name
    list_price: UnitPriceView | None = Field(default=None, description=_LIST_PRICE)


class ChangeProduct(ProductFields):
    """Change a product (JSON merge patch)."""

    code: Code = Field(default_factory=unset)
    name: Name = Field(default_factory=unset)
    list_price: UnitPriceChange | None = Field(default=None, description=_LIST_PRICE)


class UpsertProduct(ProductFields):
    """A product as another system knows it; fields and parts left out stay as they are here."""

    source_version: SourceVersion
    code: Code = Field(default_factory=unset, description="Needed when it is new here.")
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    list_price: UnitPriceChange | None = Field(default=None, description=_LIST_PRICE)


class PriceFields(CustomValues):
    """Fields of a price. What is left out of a change stays as it is."""

    price_list: Code = Field(default_factory=unset, description="By default `standard`.")
    min_quantity: NonNegativeQuantity = Field(
        default_factory=unset,
        description="Holds from this quantity on; by default 0: for any quantity.",
    )
    valid_from: Day | None = Field(default=None, description="First day; null: always so far.")
    valid_to: Day | None = Field(default=None, description="Last day; null: until further notice.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            raise PydanticCustomError("period_in_order", "The period ends before it begins.")
        return self


class AddPrice(PriceFields):
    """Say what a product costs."""

    product: Code = Field(description="Id or code of the product.")
    price: UnitPriceView


class ChangePrice(PriceFields):
    """Change a price (JSON merge patch)."""

    price: UnitPriceChange = Field(default_factory=unset)


class UpsertPrice(PriceFields):
    """A price as another system knows it; fields and parts left out stay as they are here."""

    source_version: SourceVersion
    product: Code = Field(
        default_factory=unset,
        description="Id or code of the product. Needed when it is new here.",
    )
    price: UnitPriceChange = Field(default_factory=unset, description="Needed when it is new here.")
    status: PriceStatus = Field(default_factory=unset)


class UpsertPriceList(CustomValues):
    """A price list as the ERP knows it."""

    source_version: SourceVersion
    code: Code = Field(default_factory=unset, description="Needed when it is new here.")
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")
    is_default: StrictBool = Field(
        default_factory=unset, description="True: it holds where no list is named."
    )


class PriceListView(CustomView):
    """A price list of the ERP."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str
    is_default: bool
    external_refs: list[ExternalRef]
    version: int = Field(description="Counts the changes; the number in the ETag.")
    created_at: datetime
    updated_at: datetime


class Availability(BaseModel):
    """What a linked ERP says of a product's stock."""

    model_config = ConfigDict(frozen=True)

    free: NonNegativeQuantity = Field(description="On hand and not reserved.")
    incoming: NonNegativeQuantity = Field(description="Ordered from suppliers.")
    told_at: datetime = Field(description="When this arrived here.")


class ProductView(CustomView):
    """A product."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str
    description: str
    category: str
    unit: str
    unit_decimals: int = Field(description="How finely it is counted; 0: whole pieces only.")
    active: bool
    discontinued_on: date | None
    list_price: UnitPriceView | None
    availability: Availability | None = Field(description="Null: no ERP told its stock.")
    master: Master = Field(description=_MASTER)
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class ProductPriceView(CustomView):
    """What one unit of a product costs."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    product_id: UUID
    product_code: str
    price_list: str
    min_quantity: NonNegativeQuantity = Field(
        description="Holds from this quantity on; 0: for any quantity."
    )
    valid_from: date | None
    valid_to: date | None
    price: UnitPriceView
    status: PriceStatus
    master: Master = Field(description=_MASTER)
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class QuotedPrice(BaseModel):
    """What one unit costs, and why."""

    model_config = ConfigDict(from_attributes=True)

    product_id: UUID
    quantity: PositiveQuantity
    on: date
    price: UnitPriceView
    source: Literal["price_list", "list_price"]
    price_list: str | None = Field(description="The list it stands in; null: the list price.")
    price_id: UUID | None
    min_quantity: NonNegativeQuantity | None


class ProductQuery(Tagged):
    """Which products are wanted."""

    q: Line | None = Field(
        default=None, description="Words of code, name or category; also pinyin."
    )
    code: Line | None = None
    category: Line | None = None
    active: bool | None = None
    master: Annotated[str, AnyOf(Master)] | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class PriceQuery(Tagged):
    """Which prices are wanted."""

    product_id: UUID | None = None
    price_list: Line | None = None
    status: Annotated[str, AnyOf(PriceStatus)] | None = None
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class PriceAsked(BaseModel):
    """For what a price is asked."""

    quantity: PositiveQuantity = Decimal(1)
    on: Day | None = Field(default=None, description="By default today.")
    price_list: Line | None = Field(
        default=None,
        description="By default the account's own list; where that has no price, the ERP's default "
        "list for what the ERP prices, else `standard`.",
    )
    account: UUID | None = Field(default=None, description="Id of the account that asks.")
