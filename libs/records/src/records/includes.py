"""Which records a record refers to, under the names by which `include=` brings them along."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import BaseModel

__all__ = ["Include"]


@dataclass(frozen=True)
class Include:
    """A reference of a record to another one, or to many.

    view   the other's view, as its own routes show it
    path   where its id stands in the record's view: names of fields with points between them,
           through lists and objects
    many   whether there may be several: then all of them are brought along
    by     the other's field whose value stands there, where that is not its id, such as `code`
    """

    view: type[BaseModel]
    path: str
    many: bool = False
    by: str = "id"

    def keys_in(self, record: Any) -> Iterator[UUID | str]:
        """The ids, or codes, that stand in a view, in their order."""
        return _keys_at(record, self.path)


def _keys_at(value: Any, path: str) -> Iterator[UUID | str]:
    if isinstance(value, list):
        for one in value:
            yield from _keys_at(one, path)
    elif value is not None and path:
        name, _, rest = path.partition(".")
        yield from _keys_at(getattr(value, name), rest)
    elif value is not None:
        yield value
