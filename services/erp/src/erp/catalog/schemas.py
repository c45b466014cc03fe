"""What callers ask of the catalog, and what they see."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from chassis.http.etag import EtagVersion, Revision
from erp.catalog.states import ItemKind, Picking, PriceStatus, Tracking
from records.custom.fields import CustomValues, CustomView
from records.filters import AnyOf, Statuses
from records.links import ExternalRef
from records.tagged import Tagged
from values.days import Day
from values.decimals import NonNegativeQuantity, PositiveQuantity
from values.external import SourceVersion
from values.money import CurrencyCode, MoneyView, UnitPriceChange, UnitPriceView
from values.text import Code, Command, Line, Name, OptionalLine, OptionalNote, Status, unset
from values.units import Ratio

__all__ = [
    "CategoryView",
    "ChangeCategory",
    "ChangeItem",
    "ChangePrice",
    "ChangePriceList",
    "Conversion",
    "ItemQuery",
    "ItemView",
    "NewCategory",
    "NewItem",
    "NewPrice",
    "NewPriceList",
    "NewUnit",
    "PriceAsked",
    "PriceFound",
    "PriceListView",
    "PriceQuery",
    "PriceView",
    "UnitView",
    "UpsertCategory",
    "UpsertItem",
    "UpsertPrice",
]

UnitCode = Annotated[
    str,
    Field(
        pattern=r"^[A-Z0-9]{2,3}$",
        description="UN/ECE Recommendation 20 code.",
        examples=["C62"],
    ),
]
OptionalCode = Annotated[Code | None, Field(description="Null: none.")]
WholeNumber = Annotated[int, Field(strict=True, ge=1, le=10**15)]


class UnitView(BaseModel):
    """A unit of measure."""

    code: str = Field(description="UN/ECE Recommendation 20 code.")
    name: str = Field(description="In the caller's language where we know it.")
    decimals: int = Field(description="How finely it is counted; 0: whole pieces only.")


class NewUnit(Command):
    """Add a unit of measure."""

    code: UnitCode
    name: Name
    decimals: Annotated[int, Field(strict=True, ge=0, le=6)]


class CategoryFields(CustomValues):
    """Fields of a category. What is left out of a change stays as it is."""

    parent: OptionalCode = Field(default=None, description="Code of the category it lies within.")


class NewCategory(CategoryFields):
    """Add a category of items."""

    code: Code
    name: Name


class ChangeCategory(CategoryFields):
    """Change a category (JSON merge patch)."""

    name: Name = Field(default_factory=unset)


class UpsertCategory(CategoryFields):
    """A category as another system knows it; what is left out stays as it is here."""

    source_version: SourceVersion
    code: Code = Field(default_factory=unset, description="Needed when it is new here.")
    name: Name = Field(default_factory=unset, description="Needed when it is new here.")


class RecordView(CustomView):
    """What categories, items and prices show alike."""

    id: UUID
    external_refs: list[ExternalRef]
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class CategoryView(RecordView):
    """A category of items."""

    code: str
    name: str
    parent: str | None = Field(description="Code of the category it lies within.")


class Conversion(Command):
    """Another unit of an item: one of it is `numerator / denominator` of the item's own unit."""

    unit: UnitCode
    numerator: WholeNumber
    denominator: WholeNumber = 1

    def ratio(self) -> Ratio:
        """The ratio itself."""
        return Ratio(self.numerator, self.denominator)


ShelfLife = Annotated[int, Field(strict=True, ge=1, le=36_500)]
WarrantyMonths = Annotated[int, Field(strict=True, ge=1, le=600)]


class ItemFields(CustomValues):
    """Fields of an item. What is left out of a change stays as it is."""

    description: OptionalNote = Field(default_factory=unset)
    category: OptionalCode = Field(default=None, description="Code of the category; null: none.")
    kind: ItemKind = Field(default_factory=unset, description="By default goods.")
    tracking: Tracking = Field(
        default_factory=unset,
        description="serial: each piece has a serial. lot: it lies in lots. By default none; final "
        "with the first move.",
    )
    picking: Picking = Field(
        default_factory=unset,
        description="Which lot leaves first: the one that expires first (fefo, by default), or the "
        "one that came first.",
    )
    shelf_life_days: ShelfLife | None = Field(
        default=None,
        description="A lot expires so many days after it was made, where no day is given; null: "
        "it does not expire.",
    )
    warranty_months: WarrantyMonths | None = Field(
        default=None,
        description="Repairs are free of charge for so many months after a piece was shipped; "
        "null: there is no warranty.",
    )
    conversions: Annotated[
        Annotated[list[Conversion], Field(max_length=20)] | None,
        AfterValidator(lambda them: them or []),
    ] = Field(default_factory=list, description="Its other units, all of them; null: none.")
    barcode: OptionalLine = Field(default_factory=unset)
    sold: StrictBool = Field(default_factory=unset, description="By default true.")
    bought: StrictBool = Field(default_factory=unset, description="By default true.")
    discontinued_on: Day | None = Field(
        default=None, description="From this day on no longer offered; null: it is offered."
    )
    tax_code: OptionalCode = Field(
        default=None, description="Tax code its invoice lines take; null: it is not taxed."
    )


class NewItem(ItemFields):
    """Add an item."""

    sku: Code
    name: Name
    unit: UnitCode = "C62"


class ChangeItem(ItemFields):
    """Change an item (JSON merge patch)."""

    sku: Code = Field(default_factory=unset)
    name: Name = Field(default_factory=unset)
    unit: UnitCode = Field(default_factory=unset)


class UpsertItem(ItemFields):
    """An item as another system knows it; what is left out stays as it is here."""

    source_version: SourceVersion
    sku: Code = Field(default_factory=unset, description="Needed when the item is new here.")
    name: Name = Field(default_factory=unset, description="Needed when the item is new here.")
    unit: UnitCode = Field(default_factory=unset)
    status: Status = Field(default_factory=unset)


class ItemView(RecordView):
    """An item."""

    sku: str
    name: str
    description: str
    category: str | None = Field(description="Code of the category.")
    kind: ItemKind
    tracking: Tracking
    picking: Picking = Field(description="Which lot leaves first.")
    shelf_life_days: int | None = Field(description="Null: its lots have no day by themselves.")
    warranty_months: int | None = Field(description="Null: there is no warranty.")
    unit: str = Field(description="UN/ECE Recommendation 20 code of its own unit.")
    unit_decimals: int = Field(description="How finely it is counted; 0: whole pieces only.")
    conversions: list[Conversion]
    barcode: str
    sold: bool
    bought: bool
    discontinued_on: date | None = Field(description="From this day on no longer offered.")
    tax_code: str | None = Field(description="Tax code of its sales; null: it is not taxed.")
    status: Status


class ItemQuery(Tagged):
    """Which items are wanted."""

    q: Line | None = Field(default=None, description="Words of SKU, name or barcode; also pinyin.")
    status: Statuses | None = None
    sku: Code | None = None
    barcode: Line | None = None
    category: Code | None = Field(default=None, description="Code of the category.")
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class NewPriceList(CustomValues):
    """Add a price list."""

    code: Code
    name: Name
    currency: CurrencyCode = Field(
        default_factory=unset, description="By default the installation's currency."
    )


class ChangePriceList(CustomValues):
    """Change a price list (JSON merge patch)."""

    name: Name = Field(default_factory=unset)


class PriceListView(CustomView):
    """A price list."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    code: str
    name: str
    currency: str
    is_default: bool = Field(description="True for the one list that is used where none is named.")
    version: EtagVersion
    revision: Revision
    created_at: datetime
    updated_at: datetime


class PriceFields(CustomValues):
    """Fields of a price. What is left out of a change stays as it is."""

    min_quantity: NonNegativeQuantity = Field(
        default_factory=unset,
        description="Holds from this quantity on; by default 0: for any quantity.",
    )
    valid_from: Day | None = Field(default=None, description="First day; null: since ever.")
    valid_to: Day | None = Field(default=None, description="Last day; null: until further notice.")


class NewPrice(PriceFields):
    """Add a price of an item to a list."""

    sku: Code
    price_list: Code = Field(
        default_factory=unset, description="Code of the list; by default the default list."
    )
    price: UnitPriceView


class ChangePrice(PriceFields):
    """Change a price (JSON merge patch)."""

    price: UnitPriceChange = Field(default_factory=unset)


class UpsertPrice(PriceFields):
    """A price as another system knows it; fields and parts left out stay as they are here."""

    source_version: SourceVersion
    sku: Code = Field(default_factory=unset, description="Needed when the price is new here.")
    price_list: Code = Field(
        default_factory=unset, description="Code of the list; by default the default list."
    )
    price: UnitPriceChange = Field(
        default_factory=unset, description="Needed when the price is new here."
    )
    status: PriceStatus = Field(default_factory=unset)


class PriceView(RecordView):
    """A price of an item in a list."""

    item_id: UUID
    sku: str
    price_list: str = Field(description="Code of the price list.")
    min_quantity: NonNegativeQuantity = Field(description="0: it holds for any quantity.")
    valid_from: date | None
    valid_to: date | None
    price: UnitPriceView = Field(description="What one unit costs.")
    status: PriceStatus


class PriceQuery(Tagged):
    """Which prices are wanted."""

    item_id: UUID | None = None
    sku: Code | None = None
    price_list: Code | None = Field(default=None, description="Code of the price list.")
    status: Annotated[str, AnyOf(PriceStatus)] | None = None
    valid_on: Day | None = Field(default=None, description="Only prices that hold on this day.")
    external_system: str | None = Field(default=None, max_length=32)
    external_id: str | None = Field(default=None, max_length=200)


class PriceAsked(BaseModel):
    """For what a price is asked."""

    sku: Code
    quantity: PositiveQuantity
    unit: UnitCode | None = Field(
        default=None, description="Unit of the quantity; by default the item's own."
    )
    on: Day | None = Field(default=None, description="By default today.")
    price_list: Code | None = Field(
        default=None,
        description="Code of the list; by default the customer's own, then the default list.",
    )
    customer_id: UUID | None = Field(default=None, description="Whose own list is asked first.")


class PriceFound(BaseModel):
    """The price that holds."""

    price_id: UUID
    item_id: UUID
    sku: str
    price_list: str = Field(description="Code of the list that the price stands in.")
    unit: str = Field(description="The item's own unit: price and quantity are in it.")
    quantity: PositiveQuantity
    min_quantity: NonNegativeQuantity
    price: UnitPriceView
    net: MoneyView = Field(description="Price times quantity, rounded half-up.")
