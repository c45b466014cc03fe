"""What identity refuses."""

from chassis.problems.problem import Problem

__all__ = [
    "AnswerTookEffect",
    "NotACandidate",
    "NotUnlinked",
    "PairTaken",
    "RecordLinked",
    "ReviewClosed",
]


class ReviewClosed(Problem):
    """The review was decided, or is no longer needed."""

    status = 409
    code = "review_closed"
    title = "The review is closed"
    detail = "This review is {state}. Look at the present link of the record instead."


class NotACandidate(Problem):
    """The chosen record is none of those that were found."""

    status = 422
    code = "not_a_candidate"
    title = "Not one of the candidates"
    detail = "{candidate} is none of the candidates of this review. Choose one of those listed."


class PairTaken(Problem):
    """One of the two ids is joined to another record."""

    status = 409
    code = "pair_taken"
    title = "One of the two is linked to another record"
    detail = (
        "The {entity} crm:{crm_id} or erp:{erp_id} is linked to another record already. "
        "Look up the present links of both."
    )


class AnswerTookEffect(Problem):
    """The record has a twin: the answer is part of what both halves know by now."""

    status = 409
    code = "answer_took_effect"
    title = "The answer took effect"
    detail = "The {entity} {half}:{subject} is linked by now. Unlink it first, then answer anew."


class RecordLinked(Problem):
    """The question is about a number that another record has, not about the record's twin."""

    status = 409
    code = "record_linked"
    title = "The record is linked already"
    detail = (
        "The {entity} {half}:{subject} is linked, and takes a number that another one has. Give "
        "one of the two another number in its half, then answer `create`: it is delivered again."
    )


class NotUnlinked(Problem):
    """Links of this kind are not for persons to make or end."""

    status = 422
    code = "not_unlinked"
    title = "Links of this kind are not changed by hand"
    detail = "Only customers are linked and unlinked by hand; this is a {entity}."
