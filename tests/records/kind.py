"""What these tests know of a record type, and how its records are made."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from identity.testing.desk import Desk

CNY = {"amount": "1.00", "currency": "CNY"}
TWO = {"amount": "2.00", "currency": "CNY"}
ADDRESS = {
    "line1": "1 Canal St",
    "line2": "Floor 2",
    "city": "Ningbo",
    "region": "Zhejiang",
    "postal_code": "315000",
    "country": "CN",
    "contact": "Lin",
    "phone": "1",
}
EMPTY_ADDRESS = dict.fromkeys(ADDRESS, "")
NEVER_EMPTY = object()
"""Of a field that is never empty: null is refused."""

Values = dict[str, Any]
Make = Callable[[Desk], Awaitable[Values]]
Fields = dict[str, tuple[Any, Any]]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A record type.

    path     the collection
    table    where its records are kept
    new      what a new one is made of by POST; None: it is not made so
    sent     what another system sends of one that is new here; None: none does
    change   what it sends instead, another time; None: nothing changes it
    fields   of each field of a PATCH, another value, and what null makes of it
    apart    fields of the PATCH that other tests change
    code     the field that is its own among all
    found    whether it is searched by its name, however that is typed
    """

    half: str
    path: str
    table: str
    new: Make | None = None
    sent: Make | None = None
    change: Values | None = None
    fields: Fields = field(default_factory=dict)
    apart: frozenset[str] = frozenset()
    code: str = ""
    found: bool = False

    def __str__(self) -> str:
        """Its name among the tests."""
        return f"{self.half}{self.path.removeprefix('/v1')}"

    async def make(self, desk: Desk) -> Values:
        """A new record, by whichever way there is."""
        if self.new is not None:
            return await desk.add(self.path, **await self.new(desk))
        sent = await self.content(desk)
        reply = await desk.send(self.path, desk.word(), 1, system="shop", **sent)
        made: Values = reply.json()
        return made

    async def content(self, desk: Desk) -> Values:
        """What another system sends of a new one."""
        assert self.sent is not None
        return await self.sent(desk)


async def of(_desk: Desk, **values: Any) -> Values:
    """These values."""
    return values


def both(make: Make) -> Mapping[str, Make]:
    """Made by POST, and sent by another system."""
    return {"new": make, "sent": make}


def given(**values: Any) -> Make:
    """The same values each time."""
    return partial(of, **values)


def coded(field_name: str, word: str, /, **values: Any) -> Make:
    """The same values each time, with a code that nobody used before."""

    async def make(desk: Desk) -> Values:
        return {field_name: desk.word(word), **values}

    return make


REACHABLE: Fields = {
    "name": ("Other", NEVER_EMPTY),
    "tax_id": ("T94A1B2C3D", ""),
    "email": ("a@mill.example", ""),
    "phone": ("2", ""),
    "website": ("mill.example", ""),
    "language": ("zh-CN", ""),
    "currency": ("CNY", NEVER_EMPTY),
}
PERIOD: Fields = {
    "min_quantity": ("2", NEVER_EMPTY),
    "valid_from": ("2030-01-01", None),
    "valid_to": ("2030-01-02", None),
}
