"""Every table of the ERP, for Alembic."""

from erp.approvals import models as approvals
from erp.base import Base
from erp.catalog import models as catalog
from erp.fulfilment import models as fulfilment
from erp.ledger import models as ledger
from erp.parties import models as parties
from erp.payables import models as payables
from erp.purchasing import models as purchasing
from erp.receivables import models as receivables
from erp.settlement import models as settlement
from erp.stock import models as stock

__all__ = [
    "METADATA",
    "approvals",
    "catalog",
    "fulfilment",
    "ledger",
    "parties",
    "payables",
    "purchasing",
    "receivables",
    "settlement",
    "stock",
]

METADATA = Base.metadata
