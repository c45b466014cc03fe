"""Acts on units."""

from collections.abc import Sequence

from chassis.problems.standard import MissingReference, NotFound
from chassis.work.unit_of_work import Work
from erp.catalog.errors import DuplicateCode
from erp.catalog.queries import items as queries
from erp.catalog.schemas import NewUnit, UnitView
from erp.sql import Sql

__all__ = ["add_unit", "get_unit", "require_units"]


async def add_unit(work: Work, command: NewUnit) -> str:
    """Add a unit. Raises DuplicateCode."""
    if not await queries.add_unit(work.sql, command.code, command.name, command.decimals):
        raise DuplicateCode(entity="unit", record_code=command.code, existing_id=command.code)
    return command.code


async def get_unit(sql: Sql, code: str) -> UnitView:
    """The unit as callers see it. Raises NotFound."""
    unit = await queries.unit(sql, code)
    if unit is None:
        raise NotFound(entity="unit", id=code)
    return unit


async def require_units(sql: Sql, codes: Sequence[str]) -> None:
    """Raises MissingReference for the first code that no unit has."""
    unknown = await queries.unknown_units(sql, codes)
    if unknown:
        raise MissingReference(entity="unit", reference=unknown[0])
