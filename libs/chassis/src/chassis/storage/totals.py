"""How many rows meet conditions, counted up to a bound."""

from collections.abc import Sequence
from typing import Any

import asyncpg
from pydantic import BaseModel, Field

from chassis.storage.conditions import Numbered, all_of

__all__ = ["LARGEST_TOTAL", "Total", "count_rows"]

LARGEST_TOTAL = 10_000


class Total(BaseModel):
    """How many records a list has on all its pages."""

    count: int = Field(description=f"How many there are; {LARGEST_TOTAL} where there are more.")
    is_capped: bool = Field(description="Whether there are more than counted.")


async def count_rows(
    sql: "asyncpg.Connection[Any]", source: str, at: Numbered, conditions: Sequence[str]
) -> Total:
    """How many rows of the source meet the conditions, whose values `at` has."""
    rows = f"select from {source}{all_of(conditions)} limit {at.value(LARGEST_TOTAL + 1)}"
    found = await sql.fetchval(f"select count(*) from ({rows}) counted", *at.values)
    return Total(count=min(found, LARGEST_TOTAL), is_capped=found > LARGEST_TOTAL)
