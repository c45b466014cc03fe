"""What hand-overs bring into the CRM."""

from chassis.service import Module
from crm.handovers.models import HAND_OVER, RIGHTS
from crm.handovers.router import hand_over_router, open_work_router

__all__ = ["MODULE"]

MODULE = Module(
    name="handovers",
    routers=(hand_over_router, open_work_router),
    tags={"hand-overs": "Everything open of a user goes to others."},
    tables=(HAND_OVER,),
    rights=RIGHTS,
)
