"""What the ERP leads in: such fields of a record that is linked to it, only the ERP changes."""

from chassis.problems.problem import Problem

__all__ = ["ERP", "ManagedByErp"]

ERP = "erp"
"""The system that leads in what a linked record's terms, tax data and prices are."""


class ManagedByErp(Problem):
    """The record is linked to the ERP's, and the ERP leads in these fields."""

    status = 409
    code = "managed_by_erp"
    title = "The ERP leads here"
    detail = "The ERP leads in {fields} of this {entity}. Change it there; it arrives here."
