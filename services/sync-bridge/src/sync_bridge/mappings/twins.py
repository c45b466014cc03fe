"""Who stands for whom on the other side, as far as a mapping asked."""

from collections.abc import Mapping
from uuid import UUID

__all__ = ["NO_TWINS", "Twins"]

Twins = Mapping[tuple[str, UUID], UUID]
"""The receiver's id by entity and the sender's id: ("product", item id) -> product id."""

NO_TWINS: Twins = {}
