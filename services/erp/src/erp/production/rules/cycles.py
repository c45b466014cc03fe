"""Whether an item would be made of itself (E50)."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TypeVar

__all__ = ["cycle_through"]

K = TypeVar("K", bound=Hashable)


def cycle_through(components: Mapping[K, Collection[K]], starts: Collection[K]) -> Sequence[K]:
    """A way from an item over its components back to it, the item first and last; empty: none.

    Looks at what can be reached from `starts`; an item reached on several ways is no cycle.
    """
    done: set[K] = set()
    for start in starts:
        way: list[K] = [start]
        on_way = {start}
        open_ends = [iter(components.get(start, ()))]
        while open_ends:
            component = next(open_ends[-1], None)
            if component is None:
                open_ends.pop()
                on_way.discard(way[-1])
                done.add(way.pop())
            elif component in on_way:
                return [*way[way.index(component) :], component]
            elif component not in done:
                way.append(component)
                on_way.add(component)
                open_ends.append(iter(components.get(component, ())))
    return ()
