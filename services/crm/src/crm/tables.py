"""Every table of the CRM, for Alembic."""

from crm.accounts import models as accounts
from crm.base import Base
from crm.catalog import models as catalog
from crm.orders import models as orders
from crm.staff import models as staff

__all__ = ["METADATA", "accounts", "catalog", "orders", "staff"]

METADATA = Base.metadata
