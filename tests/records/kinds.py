"""Both halves, and all their record types."""

from collections.abc import Mapping

from chassis.service import Service
from crm.app import SERVICE as CRM
from erp.app import SERVICE as ERP
from tests.records.of_crm import OF_CRM
from tests.records.of_erp import OF_ERP

HALVES: Mapping[str, Service] = {"crm": CRM, "erp": ERP}
KINDS = (*OF_CRM, *OF_ERP)


def other(half: str) -> str:
    """The other half."""
    return "erp" if half == "crm" else "crm"
