"""What staff refuses."""

from chassis.problems.problem import Problem

__all__ = ["DisablesYourself", "OwnsOpenRecords", "TeamLoop", "TeamNameTaken"]


class TeamNameTaken(Problem):
    """Two teams cannot have one name."""

    status = 409
    code = "team_name_taken"
    title = "Another team has this name"
    detail = "There is a team {name} ({existing_id}) already. Choose another name."


class TeamLoop(Problem):
    """A team cannot lie below itself."""

    status = 422
    code = "team_loop"
    title = "A team cannot lie below itself"
    detail = "{parent} lies below {name} already. Choose another parent."


class DisablesYourself(Problem):
    """Nobody may lock themselves out."""

    status = 409
    code = "disables_yourself"
    title = "You cannot disable yourself"
    detail = "Ask another administrator to disable your login."


class OwnsOpenRecords(Problem):
    """A disabled user owns nothing open."""

    status = 409
    code = "owns_open_records"
    title = "The user has open records"
    detail = "Hand them over first: {open}."
    facts_text = "`open`: how many of each type."
