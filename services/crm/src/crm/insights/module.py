"""What figures about deals bring into the CRM."""

from chassis.service import Module
from crm.insights.models import RIGHTS, DealTouch, StageFigure, TouchFigure
from crm.insights.router import insight_router
from crm.insights.service.next_touches import COUNT_TOUCHES, SCHEDULE, count_touches

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
    tables=(StageFigure, DealTouch, TouchFigure),
    rights=RIGHTS,
    jobs={COUNT_TOUCHES: count_touches},
    schedules=(SCHEDULE,),
)
