"""What scores refuse."""

from chassis.problems.problem import Problem

__all__ = ["LeadEventTaken"]


class LeadEventTaken(Problem):
    """An event has one id, and happens with one lead."""

    status = 409
    code = "lead_event_taken"
    title = "Another event has this id"
    detail = "The event {event_id} was noted for another lead, or as another kind."
