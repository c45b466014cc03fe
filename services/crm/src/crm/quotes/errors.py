"""What quotes refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "AnotherQuoteAccepted",
    "ApprovalNeeded",
    "ApprovalNotNeeded",
    "QuoteArchived",
    "QuoteExpired",
    "QuoteFixed",
    "QuoteIncomplete",
    "QuoteStateRefused",
    "QuoteTextChanged",
    "QuoteTokenInvalid",
    "QuoteVersionInWork",
]


class QuoteArchived(Problem):
    """What is archived is put out of the way: nobody is asked about it, no customer gets it."""

    status = 409
    code = "quote_archived"
    title = "The quote is archived"
    detail = "Version {quote_version} of the quote {number} is archived. Restore it first."


class QuoteFixed(Problem):
    """What was sent stays as it was sent (C27)."""

    status = 409
    code = "quote_fixed"
    title = "The quote was sent"
    detail = (
        "Version {quote_version} of the quote {number} is {state}: it stays as it is. "
        "Revise it, which makes the next version."
    )


class QuoteStateRefused(Problem):
    """The act does not fit the state of the quote."""

    status = 409
    code = "quote_state_refused"
    title = "The quote is in another state"
    detail = "Version {quote_version} of the quote {number} is {state}, so it cannot be {wanted}."


class QuoteIncomplete(Problem):
    """A quote is sent when it says all that a customer has to know."""

    status = 409
    code = "quote_incomplete"
    title = "The quote is not complete"
    detail = "The quote {number} cannot be sent yet: {fields} is missing."


class QuoteExpired(Problem):
    """An offer holds up to its last day (C27)."""

    status = 409
    code = "quote_expired"
    title = "The quote has expired"
    detail = "The quote {number} was valid until {valid_until}. Ask for a new one."


class ApprovalNeeded(Problem):
    """What a rule wants to be approved is sent when it is (C28)."""

    status = 409
    code = "approval_needed"
    title = "The quote must be approved first"
    detail = (
        "Version {quote_version} of the quote {number} is not approved as it is now, and a rule "
        "wants it to be. Submit it, or wait for the decision."
    )


class ApprovalNotNeeded(Problem):
    """Nobody is asked about what no rule asks about."""

    status = 409
    code = "approval_not_needed"
    title = "The quote needs no approval"
    detail = "No rule asks about version {quote_version} of the quote {number}: it can be sent."


class QuoteVersionInWork(Problem):
    """One version of a quote is worked on at a time."""

    status = 409
    code = "quote_version_in_work"
    title = "The next version is being worked on"
    detail = "The quote {number} has a version that is a draft: change that one."


class AnotherQuoteAccepted(Problem):
    """A customer accepts one version of a quote, and one quote of a deal (C27)."""

    status = 409
    code = "another_quote_accepted"
    title = "Another quote was accepted"
    detail = "The quote {accepted} was accepted already, so this one is not accepted as well."


class QuoteTokenInvalid(Problem):
    """There is no such token, or another one was made after it."""

    status = 409
    code = "quote_token_invalid"
    title = "This address answers no quote"
    detail = "The token is unknown, or was replaced by another one. Ask for a new address."


class QuoteTextChanged(Problem):
    """Who answers has read the text that is answered."""

    status = 409
    code = "quote_text_changed"
    title = "The text is another one"
    detail = "The text of the quote {number} is not the one that was read. Open its page again."
