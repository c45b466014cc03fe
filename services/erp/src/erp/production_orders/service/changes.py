"""What a revision of a bill of material affects before, and after, it is activated."""

from uuid import UUID

from chassis.problems.standard import NotFound
from chassis.storage.reading import Reading
from erp.production_orders.queries import changes as queries
from erp.production_orders.schemas.changes import EngineeringChange

__all__ = ["engineering_change"]


async def engineering_change(at: Reading, bom_id: UUID) -> EngineeringChange:
    """Orders, stock and uses that the revision affects, as of today. Raises NotFound."""
    found = await queries.revision_of(at.sql, bom_id, on=at.today())
    if found is None:
        raise NotFound(entity="bill_of_material", id=bom_id)
    found.pop("item_id")
    replaced_id = found.pop("replaces_id")
    return EngineeringChange(
        **found,
        orders=await queries.affected_orders(at.sql, bom_id),
        components=await queries.affected_components(at.sql, bom_id, replaced_id),
        uses=await queries.affected_uses(at.sql, bom_id),
    )
