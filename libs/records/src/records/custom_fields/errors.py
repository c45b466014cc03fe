"""Why a custom field may not be defined, changed or deleted."""

from typing import ClassVar

from chassis.problems.problem import Problem
from records.custom.tables import FIELDS_MAX

__all__ = [
    "BreaksRecords",
    "CustomFieldInUse",
    "CustomFieldKeyTaken",
    "TooManyCustomFields",
]


class CustomFieldKeyTaken(Problem):
    """The record type has a custom field with the key, maybe an archived one."""

    code: ClassVar[str] = "custom_field_key_taken"
    title: ClassVar[str] = "The key is taken"
    detail: ClassVar[str] = (
        "There is a custom field {key} already, maybe an archived one. Choose another key, or "
        "restore that field."
    )


class TooManyCustomFields(Problem):
    """The record type has as many custom fields as it may have."""

    code: ClassVar[str] = "too_many_custom_fields"
    title: ClassVar[str] = "No more custom fields"
    detail: ClassVar[str] = (
        f"A record type has at most {FIELDS_MAX} custom fields, archived ones among them. "
        "Delete one that has no values."
    )


class CustomFieldInUse(Problem):
    """The custom field is still used: by values of records, or by what names it."""

    code: ClassVar[str] = "custom_field_in_use"
    title: ClassVar[str] = "The custom field is in use"
    detail: ClassVar[str] = (
        "The custom field {key} is used by: {users}. Take it out there, or archive the field."
    )


class BreaksRecords(Problem):
    """Records have values that the changed field would not take."""

    code: ClassVar[str] = "custom_field_breaks_records"
    title: ClassVar[str] = "Records do not fit the changed field"
    detail: ClassVar[str] = (
        "{count} records have values, or lack one, that the custom field {key} would then refuse. "
        "Change those first; `record_ids` names some of them."
    )
