"""Problems of the ledger."""

from chassis.problems.problem import Problem

__all__ = [
    "AccountHasEntries",
    "AccountHasRole",
    "AlreadyReversed",
    "ChartInUse",
    "ChartIncomplete",
    "ControlAccount",
    "DuplicateAccount",
    "EntryPosted",
    "EntryUnbalanced",
    "NoPeriod",
    "OpeningRepeated",
    "PeriodClosed",
    "PeriodLocked",
    "RoleInUse",
    "YearOverlaps",
]


class NoPeriod(Problem):
    """The day lies in no fiscal year."""

    status = 422
    code = "no_period"
    title = "No period for this day"
    detail = "{effective_on} lies in no fiscal year. Open the fiscal year, or choose another day."


class PeriodClosed(Problem):
    """The day's period takes no more entries."""

    status = 409
    code = "period_closed"
    title = "The period is closed"
    detail = "The period of {effective_on} is {state}. Choose a day in an open period."


class EntryPosted(Problem):
    """An entry that was posted for another system is to become another one."""

    status = 409
    code = "entry_posted"
    title = "The entry is posted"
    detail = "Entry {external_id} is posted and stays. Reverse it and send another one instead."


class OpeningRepeated(Problem):
    """The balances were opened already, under another id."""

    status = 409
    code = "opening_repeated"
    title = "These balances are opened already"
    detail = "Opening {opened_as} has the same day and lines. Reverse it first, or leave this out."


class PeriodLocked(Problem):
    """A locked period stays as it is."""

    status = 409
    code = "period_locked"
    title = "The period is locked for good"
    detail = "A locked period is never opened again. Book a correction in an open period."


class EntryUnbalanced(Problem):
    """Debits and credits differ."""

    status = 422
    code = "entry_unbalanced"
    title = "The entry does not balance"
    detail = "Debits are {debits}, credits {credits}. They must be equal; add or correct a line."


class AlreadyReversed(Problem):
    """The entry has its reversal."""

    status = 409
    code = "already_reversed"
    title = "The entry is reversed already"
    detail = "The entry {entry_id} was reversed by another one. Reverse that one, if it was wrong."


class DuplicateAccount(Problem):
    """The code is taken."""

    status = 409
    code = "duplicate_account"
    title = "Another account has this code"
    detail = "The account code {account_code} is taken. Choose another one."


class YearOverlaps(Problem):
    """Two fiscal years share a day or the name."""

    status = 409
    code = "year_overlaps"
    title = "The fiscal year overlaps another one"
    detail = "{name} shares its name or some of its days with another fiscal year."


class ControlAccount(Problem):
    """By hand, the account would no longer agree with the documents behind it."""

    status = 409
    code = "control_account"
    title = "Not posted by hand"
    detail = (
        "The account {account} is kept by documents: invoices, bills, payments and stock. "
        "Book the document, or credit it."
    )


class ChartInUse(Problem):
    """Entries are posted to the chart."""

    status = 409
    code = "chart_in_use"
    title = "The chart of accounts is in use"
    detail = (
        "Entries are posted, so the chart stays. Open the accounts that are missing, and give "
        "roles to other accounts (PUT /v1/account-roles)."
    )


class ChartIncomplete(Problem):
    """Documents would find no account."""

    status = 422
    code = "chart_incomplete"
    title = "Roles without account"
    detail = (
        "No account of the chart has the role {role}. Say in `role` which one documents post to."
    )


class AccountHasRole(Problem):
    """An account has one role at most."""

    status = 409
    code = "account_has_role"
    title = "The account has another role"
    detail = "The account {account} has the role {role}. Give that one to another account first."


class RoleInUse(Problem):
    """Documents are behind the account's entries."""

    status = 409
    code = "role_in_use"
    title = "The account keeps its role"
    detail = (
        "Documents posted to {account} as {role}, and its balance is theirs. The role stays there."
    )


class AccountHasEntries(Problem):
    """Not all entries of the account would be those of documents."""

    status = 409
    code = "account_has_entries"
    title = "The account has entries"
    detail = (
        "The account {account} has entries that are not of documents with the role {role}. "
        "Open an account for the role."
    )
