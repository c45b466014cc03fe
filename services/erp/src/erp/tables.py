"""Every table of the ERP, for Alembic."""

from erp.base import Base
from erp.catalog import models as catalog
from erp.ledger import models as ledger
from erp.parties import models as parties
from erp.stock import models as stock

__all__ = ["METADATA", "catalog", "ledger", "parties", "stock"]

METADATA = Base.metadata
