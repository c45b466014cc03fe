"""What scheduling refuses."""

from chassis.problems.problem import Problem

__all__ = [
    "DuplicateChangeover",
    "DuplicateSharedResource",
    "NotAnOpenOrder",
    "ScheduleOutdated",
    "ScheduleWrong",
    "TryNotReady",
]


class DuplicateChangeover(Problem):
    """From one family to another there is one time at a work centre."""

    status = 409
    code = "duplicate_changeover"
    title = "This changeover is there already"
    detail = (
        "The changeover {existing_id} is from {from_family} to {to_family} at the same work centre."
        " Change that one."
    )


class DuplicateSharedResource(Problem):
    """A skill or tool is counted once."""

    status = 409
    code = "duplicate_shared_resource"
    title = "This skill or tool is there already"
    detail = "The shared resource {existing_id} is the {kind} {name}. Change that one."


class NotAnOpenOrder(Problem):
    """A try can change only what is scheduled."""

    status = 422
    code = "not_an_open_order"
    title = "The order is not scheduled"
    detail = (
        "The production order {order_id} is unknown, or neither firm, released nor started, so a"
        " try cannot change it."
    )


class TryNotReady(Problem):
    """Only a try that is ready is kept; only one that has not ended is dropped."""

    status = 409
    code = "schedule_try_not_ready"
    title = "The schedule try is not in a state for this"
    detail = "The schedule try {try_id} is {state}. This is possible where it is {wanted}."


class ScheduleOutdated(Problem):
    """What a try was made from changed since."""

    status = 409
    code = "schedule_outdated"
    title = "The schedule try does not know what changed since"
    detail = (
        "Since the schedule try {try_id} was made, {changed} changed. Make a new try and keep that."
    )


class ScheduleWrong(Problem):
    """What the checker finds wrong is not published (E68)."""

    status = 409
    code = "schedule_wrong"
    title = "The schedule cannot be carried out"
    detail = (
        "The schedule try {try_id} breaks rules that it must keep, {number} in all, such as: "
        "{violation}. Make a new try and keep that."
    )
