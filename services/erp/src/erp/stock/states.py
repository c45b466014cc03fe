"""Kinds of locations, and of the documents that move goods between them."""

from enum import StrEnum

__all__ = ["LocationKind", "StockDocumentKind"]


class LocationKind(StrEnum):
    """Where a location is: `internal` in a warehouse of ours, any other one outside."""

    INTERNAL = "internal"
    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    OPENING = "opening"
    LOSS = "loss"
    PRODUCTION = "production"


class StockDocumentKind(StrEnum):
    """What moved goods."""

    STOCK_RECEIPT = "stock_receipt"
    OPENING_STOCK = "opening_stock"
    STOCK_ADJUSTMENT = "stock_adjustment"
    PURCHASE_RECEIPT = "purchase_receipt"
    PURCHASE_RETURN = "purchase_return"
    PURCHASE_RETURN_REVERSAL = "purchase_return_reversal"
    PURCHASE_REVERSAL = "purchase_reversal"
    SHIPMENT = "shipment"
    SHIPMENT_REVERSAL = "shipment_reversal"
    RETURN = "return"
    RETURN_REVERSAL = "return_reversal"
    PRODUCTION_ISSUE = "production_issue"
    PRODUCTION_RETURN = "production_return"
    PRODUCTION_REPORT = "production_report"
    PRODUCTION_CLOSE = "production_close"
