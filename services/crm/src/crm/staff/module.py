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
        "all_records.read": "See everybody's accounts, contacts and orders.",
        "all_records.write": "Change everybody's accounts, contacts and orders.",
        "team_records.read": "See those of one's team and of the teams below; one's own always.",
        "team_records.write": "Change those of one's team and of the teams below.",
        "staff.read": "See staff and teams.",
        "staff.write": (
            "Add, change and disable staff and teams; never above one's own permissions."
        ),
    },
    roles={
        "seller": {"staff.read", "team_records.read"},
        "sales_manager": {"staff.read", "staff.write", "team_records.write"},
        "service_agent": {"staff.read", "team_records.write"},
        "marketer": {"staff.read", "team_records.read"},
    },
    tables=(Team, StaffMember),
)
