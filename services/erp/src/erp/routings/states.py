"""States of routings, and for what the time of an operation counts."""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["ROUTING_FOLLOWING", "Breaks", "RoutingStatus", "RunBasis"]


class RoutingStatus(StrEnum):
    """A `draft` may be changed; the operations of an `active` revision stay as they are."""

    DRAFT = "draft"
    ACTIVE = "active"
    ARCHIVED = "archived"


ROUTING_FOLLOWING: Mapping[RoutingStatus, frozenset[RoutingStatus]] = {
    RoutingStatus.DRAFT: frozenset({RoutingStatus.ACTIVE, RoutingStatus.ARCHIVED}),
    RoutingStatus.ACTIVE: frozenset({RoutingStatus.ARCHIVED}),
    RoutingStatus.ARCHIVED: frozenset({RoutingStatus.ACTIVE}),
}
"""A revision that was archived may be used again; none becomes a draft again."""


class RunBasis(StrEnum):
    """Whether the run time is that of one `piece`, or of a `batch`, however full it is."""

    PIECE = "piece"
    BATCH = "batch"


class Breaks(StrEnum):
    """What a break does to an operation: it goes on afterwards, or must fit between two breaks."""

    SPLIT = "split"
    BLOCK = "block"
