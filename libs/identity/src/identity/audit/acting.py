"""The transaction of a request, where what triggers enter names who called."""

from typing import Annotated

from fastapi import Depends

from chassis.http.dependencies import InWork
from chassis.work.unit_of_work import Work
from identity.audit.entries import name_actor

__all__ = ["InEnteredWork"]


async def entered_work(work: InWork) -> Work:
    """The unit of work; entries of the audit log name its actor."""
    await name_actor(work.sql, work.actor, work.trace)
    return work


InEnteredWork = Annotated[Work, Depends(entered_work, scope="function")]
