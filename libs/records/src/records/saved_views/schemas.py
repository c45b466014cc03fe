"""Commands and views of saved views."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field, StringConstraints

from chassis.http.etag import EtagVersion
from chassis.problems.problem import FieldErrorView
from values.text import Command, Name, unset

__all__ = ["ChangeView", "NewView", "SavedView", "SharedWith", "ViewQuery"]

Word = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Value = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Parameters = Annotated[dict[Word, Value], Field(max_length=50)]
Columns = Annotated[list[Word], Field(max_length=100)]

_QUERY = "What the list is asked: parameters of the list with their values, all of them text."
_SORT = "Field to sort by; `-` before it: descending. Null: as the list is sorted."
_FIELDS = "The columns: fields of each row, in this order; none: all."
_SHARED = (
    "Who sees it beside its owner: nobody, those of the owner's team, or all who may read such "
    "records. Sharing needs the permission `views.share`."
)


class SharedWith(StrEnum):
    """Who sees a view beside its owner."""

    NOBODY = "nobody"
    TEAM = "team"
    ALL = "all"


class NewView(Command):
    """Keep what a list is asked under a name."""

    record_type: Word = Field(description="The type of record, such as `customer`.")
    name: Name
    query: Parameters = Field(default={}, description=_QUERY)
    sort: Word | None = Field(default=None, description=_SORT)
    fields: Columns = Field(default=[], description=_FIELDS)
    shared_with: SharedWith = Field(default=SharedWith.NOBODY, description=_SHARED)


class ChangeView(Command):
    """Change a view (JSON merge patch); `query` and `fields` are replaced as a whole."""

    name: Name = Field(default_factory=unset)
    query: Parameters = Field(default_factory=unset, description=_QUERY)
    sort: Word | None = Field(default_factory=unset, description=_SORT)
    fields: Columns = Field(default_factory=unset, description=_FIELDS)
    shared_with: SharedWith = Field(default_factory=unset, description=_SHARED)


class ViewQuery(BaseModel):
    """Which views are asked for."""

    record_type: Word | None = Field(default=None, description="Only those of this type.")
    mine: bool | None = Field(default=None, description="Only one's own, or only others'.")


class SavedView(BaseModel):
    """What a list is asked, under a name."""

    id: UUID
    version: EtagVersion
    record_type: str = Field(description="The type of record, such as `customer`.")
    name: str
    owner: str = Field(description="Who made it: `user:…` or `key:…`.")
    owner_name: str = Field(description="The owner's name at that time.")
    mine: bool = Field(description="Whether it is the caller's own.")
    shared_with: str = Field(description="Who sees it beside its owner: nobody, team or all.")
    query: dict[str, str] = Field(description=_QUERY)
    sort: str | None = Field(description=_SORT)
    fields: list[str] = Field(description=_FIELDS)
    is_default: bool = Field(description="Whether the caller begins with it.")
    url: str = Field(description="The list as the view asks it.")
    errors: list[FieldErrorView] = Field(
        description="What the list does not take any more, since an upgrade; empty: all holds."
    )
    created_at: datetime
    updated_at: datetime
