"""Low-level codes: how deep below an item without a parent another one stands at the deepest."""

from collections.abc import Iterable, Mapping, Sequence

__all__ = ["CircularBill", "low_level_codes"]


class CircularBill(ValueError):
    """An item is made of itself, by way of the items named: `items`, at most ten."""

    @property
    def items(self) -> Sequence[str]:
        """Keys of the items."""
        found: Sequence[str] = self.args[0]
        return found

    def __str__(self) -> str:
        return f"made of themselves: {', '.join(self.items)}"


def low_level_codes(components: Mapping[str, Iterable[str]]) -> dict[str, int]:
    """Item -> its low-level code, of items by what they are made of (E52).

    0 is what goes into nothing. An item used at several levels has the deepest, so that it is
    netted once, after all that needs it. Raises CircularBill.
    """
    below: dict[str, Sequence[str]] = {one: sorted(set(of)) for one, of in components.items()}
    parents = dict.fromkeys(below, 0)
    for found in below.values():
        for one in found:
            parents[one] = parents.get(one, 0) + 1
    codes = dict.fromkeys((one for one, count in parents.items() if not count), 0)
    ready = list(codes)
    for item in ready:
        for one in below.get(item, ()):
            codes[one] = max(codes.get(one, 0), codes[item] + 1)
            parents[one] -= 1
            if not parents[one]:
                ready.append(one)
    if len(ready) < len(parents):
        circular = sorted(parents.keys() - set(ready))
        raise CircularBill(circular[:10])
    return codes
