"""What callers of a service may be given: its permissions, its roles, the names it reserves."""

from collections.abc import Mapping
from typing import Protocol

__all__ = ["Access"]


class Access(Protocol):
    """Part of the description of a service."""

    @property
    def permissions(self) -> Mapping[str, str]:
        """Scope -> what it allows."""

    @property
    def roles(self) -> Mapping[str, frozenset[str]]:
        """Role -> its scopes."""

    @property
    def reserved_systems(self) -> frozenset[str]:
        """Systems that only a key bound to them may speak for."""
