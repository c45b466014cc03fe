"""The ERP's price lists: which one holds where none is named.

Each list only says of itself whether it is the default one, so they may come in any order.
"""

from crm.catalog import queries
from crm.catalog.models import PriceList
from crm.catalog.schemas import PriceListView
from records.types import RecordType

__all__ = ["PRICE_LIST"]

PRICE_LIST: RecordType[PriceList, PriceListView] = RecordType(
    name="price_list", entity=PriceList, reads=queries.PRICE_LISTS, required=("code", "name")
)
"""How price lists are kept."""
