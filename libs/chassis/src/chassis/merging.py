"""Parts put together as one, where nothing may be in two of them."""

from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

__all__ = ["merged", "once"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


def once(what: str, found: Iterable[V]) -> tuple[V, ...]:
    """All of them. Raises ValueError when one is there twice."""
    kept: list[V] = []
    for one in found:
        if one in kept:
            message = f"{what} registered twice: {one}"
            raise ValueError(message)
        kept.append(one)
    return tuple(kept)


def merged(what: str, parts: Iterable[Mapping[K, V]]) -> Mapping[K, V]:
    """All parts as one. Raises ValueError when a key is in two."""
    whole: dict[K, V] = {}
    for part in parts:
        if twice := sorted(map(str, whole.keys() & part.keys())):
            message = f"{what} registered twice: {', '.join(twice)}"
            raise ValueError(message)
        whole |= part
    return whole
