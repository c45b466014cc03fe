"""What the rights of persons bring into the CRM."""

from chassis.service import Module
from crm.persons.router import account_person_router, contact_person_router

__all__ = ["MODULE"]

MODULE = Module(
    name="persons",
    routers=(contact_person_router, account_person_router),
    tags={"persons": "What is known of a person, and its erasure."},
    permissions={
        "persons.read": "Get all that is known of a person, for the person.",
        "persons.erase": "Erase a person for good.",
    },
)
