"""Teams: what is particular about writing them."""

from collections.abc import Sequence
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.reach import require_team
from crm.staff import queries
from crm.staff.errors import TeamLoop, TeamNameTaken
from crm.staff.models import Team
from crm.staff.schemas import TeamView
from records.types import Change, RecordType

__all__ = ["TEAM", "require_open_team"]


async def require_open_team(work: Work, team_id: UUID) -> None:
    """Raises MissingReference for an unknown team, InvalidInput for one that is closed."""
    try:
        team = await queries.TEAMS.get(work, team_id)
    except NotFound as unknown:
        raise MissingReference(entity="team", reference=team_id) from unknown
    if not team.active:
        message = "This team takes no new members."
        raise InvalidInput(errors=[FieldError("/team_id", "team_closed", message)])


async def _check(work: Work, changes: Sequence[Change[Team]], _sender: str | None) -> None:
    """Raises TeamNameTaken, MissingReference (parent), TeamLoop, Forbidden (out of reach)."""
    await _claim_names(work, changes)
    for one in changes:
        if not one.is_new:
            await require_team(work, one.record.id)
        if one.touches("parent_id") and one.record.parent_id:
            await _require_above(work, one.record, one.record.parent_id)


async def _claim_names(work: Work, changes: Sequence[Change[Team]]) -> None:
    named = [one.record for one in changes if one.touches("name")]
    if not named:
        return
    await advisory_lock(work, "team_name")
    taken = await queries.teams_with_names(work.sql, [team.name for team in named])
    for team in named:
        existing_id = taken.get(team.name, team.id)
        if existing_id != team.id:
            raise TeamNameTaken(name=team.name, existing_id=existing_id)


async def _require_above(work: Work, team: Team, parent_id: UUID) -> None:
    """See to it that the parent can be one. Teams are moved one after the other."""
    await advisory_lock(work, "team_tree")
    try:
        parent = await queries.TEAMS.get(work, parent_id)
    except NotFound as unknown:
        raise MissingReference(entity="team", reference=parent_id) from unknown
    await require_team(work, parent_id)
    if await queries.lies_below(work.sql, lower=parent_id, upper=team.id):
        raise TeamLoop(parent=parent.name, name=team.name)


TEAM: RecordType[Team, TeamView] = RecordType(
    name="team", entity=Team, reads=queries.TEAMS, check=_check
)
"""How teams are kept."""
