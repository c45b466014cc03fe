"""Every table of the ERP, for Alembic."""

from erp.base import Base
from erp.catalog import models as catalog
from erp.ledger import models as ledger
from erp.parties import models as parties

__all__ = ["METADATA", "catalog", "ledger", "parties"]

METADATA = Base.metadata
