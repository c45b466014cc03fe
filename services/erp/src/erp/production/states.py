"""Kinds and states of bills of material, and where a component comes from."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["BOM_FOLLOWING", "BomKind", "BomStatus", "ComponentSource", "CostSource", "Layout"]


class BomKind(StrEnum):
    """What is `manufactured` gets orders of its own; a `phantom` is passed through (E51)."""

    MANUFACTURED = "manufactured"
    PHANTOM = "phantom"


class BomStatus(StrEnum):
    """A `draft` may be changed; what an `active` revision is made of stays as it is."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


BOM_FOLLOWING: Mapping[BomStatus, frozenset[BomStatus]] = {
    BomStatus.DRAFT: frozenset({BomStatus.ACTIVE, BomStatus.ARCHIVED}),
    BomStatus.ACTIVE: frozenset({BomStatus.ARCHIVED}),
    BomStatus.ARCHIVED: frozenset({BomStatus.ACTIVE}),
}
"""A revision that was archived may be used again; none becomes a draft again."""


class ComponentSource(StrEnum):
    """Whether a component is `made` by a bill of its own, `bought`, or a `phantom`."""

    MADE = "made"
    BOUGHT = "bought"
    PHANTOM = "phantom"


class Layout(StrEnum):
    """`summarised`: each item once with all that is needed; `indented`: each line in its place."""

    SUMMARISED = "summarised"
    INDENTED = "indented"


class CostSource(StrEnum):
    """What says what an item costs."""

    ROLLED_UP = "rolled_up"
    STOCK = "stock"
    SUPPLIER_PRICE = "supplier_price"
    UNKNOWN = "unknown"
