"""Paths by which a person's data is handed out, and erased."""

from chassis.http.routing import api_router
from crm.persons import service
from records.erasure.errors import NotAPerson
from records.erasure.routes import add_person_routes, add_sent_erasure
from records.redirects import RecordMerged

__all__ = ["account_person_router", "contact_person_router"]

contact_person_router = api_router(prefix="/v1/contacts", tag="persons")
account_person_router = api_router(prefix="/v1/accounts", tag="persons")

add_person_routes(
    contact_person_router,
    "contact",
    data=service.contact_data,
    erase=service.erase_contact,
    data_text="All that is known of the person, for the person: records, history, notes, files, "
    "events.",
    erase_text="Erase the person for good: from the record, its history, notes, files, events and "
    "replies.\n\nThe record stays, archived and without personal data. A keyed hash keeps imports "
    "from bringing the person back. The report says what was erased, and what is kept and why.",
    refuses=(RecordMerged,),
)
add_person_routes(
    account_person_router,
    "account",
    data=service.account_data,
    erase=service.erase_account,
    data_text="All that is known of a private person who is an account, with the contacts there.",
    erase_text="Erase a private person who is an account, with the contacts there. Orders stay.",
    refuses=(NotAPerson, RecordMerged),
)
add_sent_erasure(account_person_router, "account", erase=service.erase_account)
