"""What follow-up plans refuse."""

from chassis.problems.problem import Problem

__all__ = ["FollowUpPlanArchived", "FollowUpRecordClosed", "FollowUpRunEnded", "FollowUpRunning"]


class FollowUpRunning(Problem):
    """A record is followed up by a plan once at a time."""

    status = 409
    code = "follow_up_running"
    title = "The plan follows this record up already"
    detail = "The plan {plan} runs on this {record_type} already."


class FollowUpRecordClosed(Problem):
    """What is closed is not followed up."""

    status = 409
    code = "follow_up_record_closed"
    title = "The record is closed"
    detail = "This {record_type} is closed, archived, or in a stage where the plan stops."


class FollowUpRunEnded(Problem):
    """Only what runs is stopped."""

    status = 409
    code = "follow_up_run_ended"
    title = "The run has ended"
    detail = "The run is {state} already."


class FollowUpPlanArchived(Problem):
    """An archived plan is used no more."""

    status = 409
    code = "follow_up_plan_archived"
    title = "The plan is archived"
    detail = "Restore the plan {plan} first, or use another one."
