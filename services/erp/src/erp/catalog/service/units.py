"""Acts on units."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import asyncpg

from chassis.problems.standard import MissingReference, NotFound
from chassis.work.unit_of_work import Work
from erp.catalog import queries
from erp.catalog.errors import DuplicateCode
from erp.catalog.schemas import NewUnit, UnitView

__all__ = ["add_unit", "must_know_units", "see_unit"]

Sql: TypeAlias = "asyncpg.Connection[Any]"


async def add_unit(work: Work, command: NewUnit) -> str:
    """Add a unit. Raises DuplicateCode."""
    if not await queries.add_unit(work.sql, command.code, command.name, command.decimals):
        raise DuplicateCode(entity="unit", record_code=command.code, existing_id=command.code)
    return command.code


async def see_unit(sql: Sql, code: str) -> UnitView:
    """The unit as callers see it. Raises NotFound."""
    unit = await queries.unit(sql, code)
    if unit is None:
        raise NotFound(entity="unit", id=code)
    return UnitView(code=unit.code, name=unit.name, decimals=unit.decimals)


async def must_know_units(sql: Sql, codes: Sequence[str]) -> None:
    """Raises MissingReference for the first code that no unit has."""
    unknown = await queries.unknown_units(sql, codes)
    if unknown:
        raise MissingReference(entity="unit", reference=unknown[0])
