"""What the search over all records is asked, and answers."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, Field

__all__ = ["MOST_HITS", "RecordHit", "RecordHits", "RecordSearch", "SearchResult"]

MOST_HITS = 20


class RecordSearch(BaseModel):
    """What is searched, and among which types of records."""

    q: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] = Field(
        description="Words of names, numbers or texts, in any order; or a whole number or id of "
        "another system."
    )
    types: Annotated[str, Field(max_length=1000)] | None = Field(
        default=None,
        description="Only these types of records, such as `customer,item`; else all that the "
        "caller may read.",
    )
    limit: int = Field(default=5, ge=1, le=MOST_HITS, description="Records of each type.")


class RecordHit(BaseModel):
    """A record that was found."""

    id: UUID
    title: str = Field(description="What people know it by: its name, else its number.")
    subtitle: str = Field(description="What says more of it; empty: nothing.")
    found_by: str = Field(
        description="Why it was found. `number`: it has this number, code or SKU; `external_id`: "
        "another system calls it so; `text`: its own texts have the words; else the type of what "
        "it belongs to, whose text has them; `several`: they stand in several texts."
    )


class RecordHits(BaseModel):
    """The records of one type that were found: exact ones first, then as they are listed."""

    type: str = Field(description="The type of record, such as `sales_order`.")
    path: str = Field(description="The list of such records; one of them is below it by its id.")
    has_more: bool = Field(description="Whether there are more; the list finds them by `q`.")
    items: list[RecordHit] = Field(description="At most `limit` of them.")


class SearchResult(BaseModel):
    """What was found, by type: those with an exact hit first."""

    groups: list[RecordHits] = Field(description="Types of which something was found.")
