"""Who may give whom which roles: nobody gives more than they have."""

from collections.abc import Callable, Iterable, Mapping

__all__ = ["missing_permission"]


def missing_permission(
    may: Callable[[str], bool], roles: Iterable[str], known: Mapping[str, frozenset[str]]
) -> str | None:
    """The first permission that the roles hold and `may` denies; None when there is none.

    A role that is not known holds nothing.
    """
    permissions = {scope for role in roles for scope in known.get(role, ())}
    return min((scope for scope in permissions if not may(scope)), default=None)
