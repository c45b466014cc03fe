"""Why a person is not written, or not erased."""

from typing import ClassVar

from chassis.problems.problem import Problem

__all__ = ["NotAPerson", "PersonIsErased", "PersonSuppressed", "UserIsActive"]


class PersonIsErased(Problem):
    """The person was erased: the record gets no personal data any more."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "person_erased"
    title: ClassVar[str] = "The person was erased"
    detail: ClassVar[str] = (
        "This {entity} stands for a person who was erased at {erased_at}. Make a new record if the "
        "person deals with you again."
    )


class PersonSuppressed(Problem):
    """An import or another system brings a person back who was erased."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "person_suppressed"
    title: ClassVar[str] = "The person was erased and is not imported again"
    detail: ClassVar[str] = (
        "An e-mail address, telephone number or id of the {entity} is that of a person who was "
        "erased. Take the row out of the import. A user may make a new record by hand."
    )


class NotAPerson(Problem):
    """The record stands for a firm: only persons are erased."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "not_a_person"
    title: ClassVar[str] = "This is no person"
    detail: ClassVar[str] = (
        "The {entity} is a firm. Erase the persons at it, or say first that it is a person."
    )


class UserIsActive(Problem):
    """Only who left is erased: a user who may still log in is disabled first."""

    status: ClassVar[int] = 409
    code: ClassVar[str] = "user_active"
    title: ClassVar[str] = "The user may still log in"
    detail: ClassVar[str] = "Disable {login} first. Only users who left are erased."
