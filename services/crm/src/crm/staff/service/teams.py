"""Acts on teams."""

from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from chassis.work.locking import advisory_lock, lock
from chassis.work.unit_of_work import Work
from crm.staff import queries
from crm.staff.errors import TeamNameTaken
from crm.staff.models import Team
from crm.staff.schemas import AddTeam, ChangeTeam, TeamView

__all__ = ["change_team", "create_team", "get_team", "require_open_team"]


async def get_team(sql: queries.Sql, team_id: UUID) -> TeamView:
    """The team as callers see it. Raises NotFound."""
    view = await queries.team_view(sql, team_id)
    if view is None:
        raise NotFound(entity="team", id=team_id)
    return view


async def create_team(work: Work, command: AddTeam) -> UUID:
    """Form a team. Raises TeamNameTaken."""
    team = Team(id=uuid7(), created_at=work.now, updated_at=work.now)
    team.apply(dict(command))
    await _require_free_name(work, team)
    work.session.add(team)
    await work.flush()
    return team.id


async def change_team(work: Work, team_id: UUID, command: ChangeTeam, *, revision: int) -> None:
    """Change what the caller saw as `revision`. Raises NotFound, StaleRevision, TeamNameTaken."""
    team = await lock(work, Team, team_id)
    team.check_revision(revision)
    changed = team.apply(command.given())
    if "name" in changed:
        await _require_free_name(work, team)
    if changed:
        team.touch(work.now)
    await work.flush()


async def require_open_team(work: Work, team_id: UUID) -> None:
    """Raises MissingReference for an unknown team, InvalidInput for one that is closed."""
    team = await queries.team_view(work.sql, team_id)
    if team is None:
        raise MissingReference(entity="team", reference=team_id)
    if not team.active:
        message = "This team takes no new members."
        raise InvalidInput(errors=[FieldError("/team_id", "team_closed", message)])


async def _require_free_name(work: Work, team: Team) -> None:
    await advisory_lock(work, "team_name")
    existing_id = await queries.team_with_name(work.sql, team.name, other_than=team.id)
    if existing_id:
        raise TeamNameTaken(name=team.name, existing_id=existing_id)
