"""What the catalog refuses."""

from chassis.problems.problem import Problem

__all__ = [
    "CategoryLoop",
    "DuplicateCode",
    "DuplicateSku",
    "FixedCode",
    "FractionOfUnit",
    "ItemInUse",
    "NoPrice",
    "NotTrackable",
    "OverlappingPrice",
    "ReversedPeriod",
    "TrackingFixed",
    "UnitInUse",
    "UnsuitableConversion",
]


class DuplicateSku(Problem):
    """Another item has the SKU."""

    status = 409
    code = "duplicate_sku"
    title = "Another item has this SKU"
    detail = "The item {existing_id} has the SKU {sku}. Use that item, or choose another SKU."


class DuplicateCode(Problem):
    """Another record of the kind has the code."""

    status = 409
    code = "duplicate_code"
    title = "Another record has this code"
    detail = (
        "The {entity} {existing_id} has the code {record_code}. Use it, or choose another code."
    )


class FixedCode(Problem):
    """A code that others refer to cannot change."""

    status = 409
    code = "fixed_code"
    title = "A code never changes"
    detail = "This {entity} has the code {record_code} for good. Create another one instead."


class CategoryLoop(Problem):
    """A category cannot lie within itself."""

    status = 422
    code = "category_loop"
    title = "A category cannot lie within itself"
    detail = "{parent} lies within {record_code} already. Choose another parent."


class UnitInUse(Problem):
    """An item with prices keeps its unit."""

    status = 409
    code = "unit_in_use"
    title = "The unit of this item is in use"
    detail = "There are prices of {sku} per {unit}. Create another item for another unit."


class ItemInUse(Problem):
    """Goods of the item have moved, or documents name it."""

    status = 409
    code = "item_in_use"
    title = "The unit and the kind of this item are in use"
    detail = (
        "Goods of {sku} have moved, or orders or suppliers' prices name it: their quantities would "
        "mean something else. Create another item for another unit or kind."
    )


class NotTrackable(Problem):
    """Only goods that are counted in whole pieces can have serials, and only goods lots."""

    status = 422
    code = "not_trackable"
    title = "This item cannot have serials"
    detail = "{sku} cannot have serials: only goods counted in whole pieces can."


class TrackingFixed(Problem):
    """Goods of the item have moved: they have serials, or none, for good."""

    status = 409
    code = "tracking_fixed"
    title = "The tracking of this item is fixed"
    detail = "Goods of {sku} have moved already. Create another item for another tracking."


class UnsuitableConversion(Problem):
    """A unit is named twice, or it is the item's own."""

    status = 422
    code = "unsuitable_conversion"
    title = "This conversion does not make sense"
    detail = "The unit {unit} is the item's own or is named twice. Leave it out."


class FractionOfUnit(Problem):
    """The unit cannot be divided so finely."""

    status = 422
    code = "fraction_of_unit"
    title = "The unit cannot be divided so finely"
    detail = "{quantity} does not come out even: {unit} is counted with {decimals} decimals."


class OverlappingPrice(Problem):
    """Another price holds on one of the days, and neither takes precedence."""

    status = 409
    code = "overlapping_price"
    title = "Another price holds on one of these days"
    detail = (
        "The price {existing_id} of {sku} from the same quantity on holds on one of these days. "
        "End or withdraw it first, or choose a first and a last day within its period."
    )


class ReversedPeriod(Problem):
    """A period that ends before it begins."""

    status = 422
    code = "reversed_period"
    title = "The period ends before it begins"
    detail = "valid_to {valid_to} lies before valid_from {valid_from}. Swap or correct them."


class NoPrice(Problem):
    """The list has no price for the item, quantity and day."""

    status = 404
    code = "no_price"
    title = "There is no price"
    detail = "{price_list} has no price of {sku} for {quantity} on {on}. Add one to the list."
