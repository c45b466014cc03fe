"""What bills of material refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "BomCycle",
    "BomFixed",
    "CostSharesTooHigh",
    "DuplicateRevision",
    "ExplosionTooLarge",
    "NoBom",
    "NoComponents",
    "OtherUnit",
    "OverlappingBom",
    "ReversedEffectivity",
]


class BomCycle(Problem):
    """An item would be made of itself, at whatever depth (E50)."""

    status = 422
    code = "bom_cycle"
    title = "The item would be made of itself"
    detail = "{path} leads back to where it began. Leave one of these components out."


class BomFixed(Problem):
    """What a revision in use is made of never changes."""

    status = 409
    code = "bom_fixed"
    title = "The content of this revision is fixed"
    detail = (
        "The revision {label} of {sku} was activated: what it is made of stays. "
        "Make a new revision of it."
    )


class CostSharesTooHigh(Problem):
    """By-products would bear all of the cost, or more."""

    status = 422
    code = "cost_shares_too_high"
    title = "By-products bear too much of the cost"
    detail = "The by-products bear {shares} of the cost. Together they must bear less than 1."


class DuplicateRevision(Problem):
    """The item has a revision of that label."""

    status = 409
    code = "duplicate_revision"
    title = "The item has this revision already"
    detail = "{sku} has the revision {label} already: {existing_id}. Choose another label."


class ExplosionTooLarge(Problem):
    """More rows than a reply has."""

    status = 422
    code = "explosion_too_large"
    title = "There are too many rows"
    detail = "There are more than {most} rows. Ask for fewer levels, or for the summarised layout."


class NoBom(Problem):
    """No active bill of the item counts on the day."""

    status = 404
    code = "no_bom"
    title = "There is no bill of material"
    detail = "No active bill of material of {sku} counts on {on}. Activate one, or choose a day."


class NoComponents(Problem):
    """What is active says what the item is made of."""

    status = 422
    code = "no_components"
    title = "There are no components"
    detail = "The revision {label} of {sku} has no components. Add one before it is activated."


class OtherUnit(Problem):
    """A component is not counted in that unit."""

    status = 422
    code = "other_unit"
    title = "The component is not counted in this unit"
    detail = "{sku} is not counted in {unit}. Use its own unit, or add a conversion to the item."


class OverlappingBom(Problem):
    """Two active revisions would count on one day."""

    status = 409
    code = "overlapping_bom"
    title = "Another revision counts on one of these days"
    detail = (
        "The revision {label} of {sku} ({existing_id}) is active on one of these days. "
        "End or archive it first, or choose other days."
    )


class ReversedEffectivity(Problem):
    """A period that ends before it begins."""

    status = 422
    code = "reversed_effectivity"
    title = "The period ends before it begins"
    detail = (
        "effective_to {effective_to} lies before effective_from {effective_from}. "
        "Swap or correct them."
    )
