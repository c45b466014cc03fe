"""Every table of the ERP, for Alembic."""

from erp.base import Base
from erp.catalog import models as catalog
from erp.parties import models as parties

__all__ = ["METADATA", "catalog", "parties"]

METADATA = Base.metadata
