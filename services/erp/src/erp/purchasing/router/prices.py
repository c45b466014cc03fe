"""Paths of supplier prices and of suggestions."""

from typing import Annotated

from fastapi import status

from chassis.actor import Actor
from chassis.http.dependencies import InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import (
    CurrencyNotSupported,
    MissingReference,
)
from erp.catalog.errors import FractionOfUnit
from erp.parties.errors import PartyArchived
from erp.purchasing.errors import (
    DuplicateSupplierPrice,
    NoSupplierPrice,
    NotBought,
    SuggestionNotOpen,
)
from erp.purchasing.queries.suggestions import SUGGESTIONS
from erp.purchasing.schemas.orders import (
    ChangeSupplierPrice,
    NewSupplierPrice,
    OrdersPlaced,
    OrderSuggestions,
    Refreshed,
    RefreshSuggestions,
    UpsertSupplierPrice,
)
from erp.purchasing.service import ordering, suggesting
from erp.purchasing.service.supplier_prices import SUPPLIER_PRICE
from records.annotations import annotate
from records.paths import RecordPaths
from records.read_routes import list_route
from records.routes import RecordRoutes
from records.sheets.at_once import add_export
from records.sheets.kinds import RecordSheet, Reference

__all__ = ["LISTS", "suggestion_router", "supplier_price_router"]

READ, WRITE = "purchasing.read", "purchasing.write"
Buyer = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]


supplier_price_router = api_router(prefix="/v1/supplier-prices", tag="supplier-prices")
supplier_price = RecordRoutes(
    supplier_price_router,
    SUPPLIER_PRICE,
    one="price",
    many="prices",
    read=READ,
    write=WRITE,
    refuses=(CurrencyNotSupported, FractionOfUnit),
)
_NEW = (MissingReference, DuplicateSupplierPrice, NotBought, PartyArchived)
supplier_price.list("What suppliers ask, the newest first.")
supplier_price.create(NewSupplierPrice, "Note what a supplier asks for an item.", refuses=_NEW)
supplier_price.upsert(UpsertSupplierPrice, refuses=_NEW)
supplier_price.csv(
    references={
        "supplier_id": Reference("supplier", into="supplier_number", take="number"),
        "sku": Reference("item", codes=("sku",), take="sku"),
    }
)
supplier_price.get()
supplier_price.history()
supplier_price.change(ChangeSupplierPrice)
annotate(supplier_price.paths)

suggestion_router = api_router(prefix="/v1/purchase-suggestions", tag="purchase-suggestions")
SUGGESTION = RecordPaths(suggestion_router, SUGGESTIONS, "purchase suggestion", READ, WRITE)
list_route(SUGGESTION, "What should be bought, the newest first.")


@suggestion_router.post("/refresh", responses=refuses(MissingReference))
async def purchase_suggestion_refresh(
    command: RefreshSuggestions, _by: Buyer, _once: OnlyOnce, work: InWork
) -> Refreshed:
    """Look anew at what should be bought; twice changes nothing."""
    return await suggesting.refresh_suggestions(work, command)


@suggestion_router.post(
    "/order",
    status_code=status.HTTP_201_CREATED,
    responses=refuses(SuggestionNotOpen, NoSupplierPrice, NotBought, PartyArchived),
)
async def purchase_suggestion_order(
    command: OrderSuggestions, _by: Buyer, _once: OnlyOnce, work: InWork
) -> OrdersPlaced:
    """Order what is suggested, one order for each supplier."""
    return await ordering.order_suggestions(work, command)


LISTS = (
    add_export(
        suggestion_router,
        RecordSheet(name="purchase_suggestion", reads=SUGGESTIONS, read=READ, tagged=False),
        "suggestions",
    ),
)
"""What leaves as files beside supplier prices."""
