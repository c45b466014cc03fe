"""What figures about deals bring into the CRM."""

from chassis.service import Module
from crm.insights.router import insight_router

__all__ = ["MODULE"]

MODULE = Module(
    name="insights",
    routers=(insight_router,),
    tags={"insights": "What deals of the past say: conversion, win rates, reasons, follow-ups."},
    permissions={"insights.read": "See figures about the deals that one may see."},
    roles={
        "seller": {"insights.read"},
        "sales_manager": {"insights.read"},
        "marketer": {"insights.read"},
    },
)
