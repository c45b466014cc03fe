"""What leads refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "ConfirmationInvalid",
    "ConsentIncomplete",
    "ConvertedLeadMustWin",
    "DuplicatesUnanswered",
    "FormExpired",
    "FormSentTooFast",
    "FormStampInvalid",
    "LeadFormTaken",
    "LeadReasonTaken",
    "LeadStatusFixed",
    "NothingToConfirm",
]


class LeadStatusFixed(Problem):
    """A lead goes only certain ways from where it is."""

    status = 409
    code = "lead_status_fixed"
    title = "The lead cannot become that now"
    detail = "The lead is {present} and does not become {wanted} from there."


class LeadReasonTaken(Problem):
    """Two reasons cannot have one code."""

    status = 409
    code = "lead_reason_taken"
    title = "Another reason has this code"
    detail = "The reason {existing_id} has the code {reason}. Use it or choose another code."


class LeadFormTaken(Problem):
    """Two forms cannot have one code."""

    status = 409
    code = "lead_form_taken"
    title = "Another form has this code"
    detail = "The form {existing_id} has the code {form}. Use it or choose another code."


class ConsentIncomplete(Problem):
    """Nobody agrees to words that are not there, or that have no version."""

    status = 422
    code = "consent_incomplete"
    title = "The consent text and its version belong together"
    detail = (
        "Give both the consent text and its version, or neither. A consent that is to be "
        "confirmed needs a text."
    )


class FormStampInvalid(Problem):
    """The form was not shown by us."""

    status = 409
    code = "form_stamp_invalid"
    title = "The form was not shown by us"
    detail = "Open the form again and send it from there."


class FormSentTooFast(Problem):
    """The form came back faster than a person fills it in."""

    status = 409
    code = "form_sent_too_fast"
    title = "The form was sent too fast"
    detail = "Wait a few seconds and send it again."


class FormExpired(Problem):
    """The form was shown too long ago."""

    status = 409
    code = "form_expired"
    title = "The form was opened too long ago"
    detail = "Open the form again and send it within a day."


class NothingToConfirm(Problem):
    """The lead gave no consent that is to be confirmed, or has confirmed it."""

    status = 409
    code = "nothing_to_confirm"
    title = "There is nothing to confirm"
    detail = "The lead {lead} has no consent that waits for its confirmation."


class ConfirmationInvalid(Problem):
    """There is no such token, or it was used, or its time is over."""

    status = 409
    code = "confirmation_invalid"
    title = "This confirmation does not count"
    detail = "The token is unknown, was used, or has expired. Ask for a new message."


class DuplicatesUnanswered(Problem):
    """Somebody has to say whether the lead is a firm or a person who is known already."""

    status = 409
    code = "duplicates_unanswered"
    title = "There are records that the lead may be already"
    detail = (
        "Nothing was converted. Say of {parts} whether an existing one is used, a new one is made, "
        "or none; `candidates` are those that are known."
    )
    facts_text = (
        "`parts`: account, contact, or both, by comma. `candidates`: for each its `record_type`, "
        "`id`, `name` and `score`; of a contact also `account_id`."
    )


class ConvertedLeadMustWin(Problem):
    """What a lead became is known by the lead: it stays."""

    status = 409
    code = "converted_lead_must_win"
    title = "The converted lead has to stay"
    detail = (
        "The lead {lead} was converted. Merge the other one into it; if both were converted, merge "
        "the contacts and accounts that they became."
    )
