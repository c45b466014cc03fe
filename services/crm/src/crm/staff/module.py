"""What staff and teams bring into the CRM."""

from chassis.service import Module
from crm.staff.models import StaffMember, Team
from crm.staff.router import team_router, user_router

__all__ = ["MODULE"]

MODULE = Module(
    name="staff",
    routers=(user_router, team_router),
    tags={
        "teams": "Groups of users that share accounts.",
        "users": "People who log in, their roles and passwords.",
    },
    permissions={
        "staff.read": "See staff and teams.",
        "staff.write": (
            "Add, change and disable staff and teams; never above one's own permissions."
        ),
    },
    roles={
        "seller": {"staff.read"},
        "sales_manager": {"staff.read", "staff.write"},
        "service_agent": {"staff.read"},
        "marketer": {"staff.read"},
    },
    tables=(Team, StaffMember),
)
