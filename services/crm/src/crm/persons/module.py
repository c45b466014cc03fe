"""What the rights of persons bring into the CRM."""

from chassis.service import Module
from crm.persons.router import account_person_router, contact_person_router

__all__ = ["MODULE"]

MODULE = Module(
    name="persons",
    routers=(contact_person_router, account_person_router),
)
