"""Reports, and lists that are read otherwise than by `Reads`, as what files are made of."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pydantic import BaseModel

from chassis.storage.paging import Page, PageQuery, Sort
from chassis.storage.reading import Reading
from chassis.storage.searching import Searched

__all__ = ["Report"]


@dataclass(frozen=True, kw_only=True)
class Report:
    """Rows of a model: all at once, or page by page where there are many.

    `rows` is given what the query asks, and the page; it gives a cursor where more follow.
    """

    view: type[BaseModel]
    rows: Callable[[Reading, Any, PageQuery], Awaitable[Page[Any]]]
    query: type[BaseModel] | None = None
    searched: Searched | None = None
    sorts: Mapping[str, Sort] = field(default_factory=dict)
    has_custom_fields: ClassVar[bool] = False

    async def page(self, at: Reading, wanted: Any, asked: PageQuery, /) -> Page[Any]:
        """The rows that are wanted."""
        return await self.rows(at, wanted, asked)
