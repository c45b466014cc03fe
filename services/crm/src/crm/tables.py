"""Every table of the CRM, for Alembic."""

from crm.accounts import models as accounts
from crm.base import Base
from crm.staff import models as staff

__all__ = ["METADATA", "accounts", "staff"]

METADATA = Base.metadata
