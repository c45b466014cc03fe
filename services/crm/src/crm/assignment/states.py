"""Words of assignment."""

from enum import StrEnum

__all__ = ["FactKind", "Method", "Operator", "Reason"]


class Method(StrEnum):
    """How a rule chooses among its users: in turn, or whoever has the fewest open records."""

    ROUND_ROBIN = "round_robin"
    LOAD = "load"


class Operator(StrEnum):
    """What a condition asks of a fact; texts are compared whatever their case."""

    EQUALS = "equals"
    AMONG = "among"
    CONTAINS = "contains"
    BETWEEN = "between"
    GIVEN = "given"


class FactKind(StrEnum):
    """What values a fact has."""

    TEXT = "text"
    NUMBER = "number"


class Reason(StrEnum):
    """Why a user gets nothing, or why a subject waits."""

    DISABLED = "disabled"
    OFF_SHIFT = "off_shift"
    ABSENT = "absent"
    AT_CAPACITY = "at_capacity"
    NO_RULE = "no_rule"
    NOBODY_ELIGIBLE = "nobody_eligible"
