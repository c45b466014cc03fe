"""What contracts and their templates refuse."""

from chassis.problems.problem import Problem

__all__ = [
    "ContractArchived",
    "ContractFixed",
    "ContractIncomplete",
    "ContractNotGenerated",
    "ContractOutdated",
    "ContractStateRefused",
    "ContractTemplateFixed",
    "ContractTemplateInWork",
    "ContractTemplateIncomplete",
    "ContractTemplateNotPublished",
    "ContractTemplateStateRefused",
    "ContractTemplateTaken",
    "ContractTooLong",
]


class ContractTemplateTaken(Problem):
    """A code names one template, with all its versions."""

    status = 409
    code = "contract_template_taken"
    title = "There is a template with this code"
    detail = "{template} is the code of another template. Revise that one, or take another code."


class ContractTemplateFixed(Problem):
    """A published version stays as it was published (C29)."""

    status = 409
    code = "contract_template_fixed"
    title = "The version of the template was published"
    detail = (
        "Version {template_version} of the template {template} is {state}: it stays as it is. "
        "Revise it, which makes the next version."
    )


class ContractTemplateStateRefused(Problem):
    """The act does not fit the state of the version."""

    status = 409
    code = "contract_template_state_refused"
    title = "The version of the template is in another state"
    detail = (
        "Version {template_version} of the template {template} is {state}, so it cannot be "
        "{wanted}."
    )


class ContractTemplateInWork(Problem):
    """One version of a template is worked on at a time."""

    status = 409
    code = "contract_template_in_work"
    title = "The next version is being worked on"
    detail = "The template {template} has a version that is a draft: change that one."


class ContractTemplateIncomplete(Problem):
    """A template says something before it is published."""

    status = 409
    code = "contract_template_incomplete"
    title = "The template has no clauses"
    detail = "The template {template} has no clauses yet, so it cannot be published."


class ContractTemplateNotPublished(Problem):
    """Contracts are drawn up from published versions in use."""

    status = 409
    code = "contract_template_not_published"
    title = "The version of the template is not in use"
    detail = (
        "Version {template_version} of the template {template} is {state}. Take a version that is "
        "published and not archived."
    )


class ContractArchived(Problem):
    """What is archived is put out of the way: no text is made of it, no customer gets it."""

    status = 409
    code = "contract_archived"
    title = "The contract is archived"
    detail = "The contract {number} is archived. Restore it first."


class ContractFixed(Problem):
    """What was sent stays as it was sent (C29)."""

    status = 409
    code = "contract_fixed"
    title = "The contract was sent"
    detail = (
        "The contract {number} is {state}: its text, parties and dates stay. Void it while it is "
        "not signed, and draw up another one."
    )


class ContractStateRefused(Problem):
    """The act does not fit the state of the contract."""

    status = 409
    code = "contract_state_refused"
    title = "The contract is in another state"
    detail = "The contract {number} is {state}, so it cannot be {wanted}."


class ContractIncomplete(Problem):
    """What the clauses name must be there."""

    status = 409
    code = "contract_incomplete"
    title = "The contract is not complete"
    detail = "The contract {number} lacks what its clauses or its act need: {fields}."


class ContractNotGenerated(Problem):
    """Only a text that there is can be read or sent."""

    status = 409
    code = "contract_not_generated"
    title = "The contract has no text yet"
    detail = "No text was generated of the contract {number}. Generate it first."


class ContractOutdated(Problem):
    """What is sent says what holds now."""

    status = 409
    code = "contract_outdated"
    title = "The text is older than the data"
    detail = (
        "The template or data that the contract {number} names changed after its version "
        "{contract_version}: {fields}. Generate it again, and read it."
    )


class ContractTooLong(Problem):
    """A text has an end."""

    status = 409
    code = "contract_too_long"
    title = "The text would be too long"
    detail = "The text of the contract {number} would have more than {limit} characters."
