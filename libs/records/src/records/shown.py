"""How the history shows fields that an entity keeps in another form than the record's view."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading

__all__ = ["Shown", "code_of", "in_company_currency"]


@dataclass(frozen=True)
class Shown:
    """The view's name of a field, and what its values are there: of all given, in their order.

    The values given are JSON; None, where there was none, stays None.
    """

    name: str
    values: Callable[[Reading, Sequence[Any]], Awaitable[Sequence[Any]]]


def code_of(name: str, table: str) -> Shown:
    """The record's id is shown by the code that the other record has now."""

    async def codes(at: Reading, ids: Sequence[Any]) -> Sequence[Any]:
        wanted = {UUID(one) for one in ids if one}
        if not wanted:
            return ids
        sql = f"select id, code from {table} where id = any($1::uuid[])"
        found = {str(row["id"]): row["code"] for row in await at.sql.fetch(sql, list(wanted))}
        return [found.get(one) for one in ids]

    return Shown(name, codes)


def in_company_currency(name: str) -> Shown:
    """The bare amount is shown with the company's currency, which is the only one it can have."""

    async def amounts(at: Reading, given: Sequence[Any]) -> Sequence[Any]:
        currency = at.setting.currency
        return [one and {"amount": one, "currency": currency} for one in given]

    return Shown(name, amounts)
