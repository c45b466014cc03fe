"""What the CRM keeps of a user who is erased, beside the login."""

from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.staff import queries
from records.erasure.events import PersonErased
from records.erasure.users import USER

__all__ = ["forget_address", "member_data"]


async def member_data(at: Reading, user_id: UUID) -> dict[str, Any]:
    """The staff member with its address and team. Raises NotFound."""
    member = await queries.USERS.get(at, user_id)
    return member.model_dump(mode="json")


async def forget_address(work: Work, erasure: PersonErased) -> None:
    """Take the address of erased users out, and take them out of their teams."""
    users = [one.record_id for one in erasure.records if one.record_type == USER]
    await queries.clear_members(work.sql, users)
