"""What bills of material bring into the ERP."""

from chassis.service import Module
from chassis.work.states import States
from erp.catalog.events import UnitOrKindChanging
from erp.production.events import BillOfMaterialChanged
from erp.production.handlers import keep_unit_and_kind
from erp.production.models import BillOfMaterial, BomByProduct, BomLine
from erp.production.router import bill_of_material_router
from erp.production.service.boms import bom_states

__all__ = ["MODULE"]

MODULE = Module(
    name="production",
    routers=(bill_of_material_router,),
    tags={
        "bills-of-material": "What items are made of: revisions, components, explosions, uses.",
    },
    permissions={
        "boms.read": "See bills of material, explosions and uses.",
        "boms.costs": "See what made items cost, rolled up from their components.",
        "boms.write": "Draft, change, activate and archive bills of material.",
    },
    roles={
        "accountant": {"boms.read", "boms.costs"},
        "buyer": {"boms.read"},
        "planner": {"boms.read", "boms.costs", "boms.write"},
        "storekeeper": {"boms.read"},
    },
    tables=(BillOfMaterial, BomLine, BomByProduct),
    rights={
        "bill_of_material_line": "select, insert, update, delete",
        "bill_of_material_by_product": "select, insert, update, delete",
    },
    events=(BillOfMaterialChanged,),
    handlers={UnitOrKindChanging: (keep_unit_and_kind,)},
    states={BillOfMaterialChanged: States("bill_of_material", bom_states)},
)
