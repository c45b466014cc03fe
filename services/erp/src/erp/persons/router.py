"""Paths by which a person's data is handed out, and erased."""

from chassis.http.routing import api_router
from erp.persons import service
from records.erasure.errors import NotAPerson
from records.erasure.routes import add_person_routes, add_sent_erasure

__all__ = ["customer_person_router", "supplier_person_router"]

customer_person_router = api_router(prefix="/v1/customers", tag="persons")
supplier_person_router = api_router(prefix="/v1/suppliers", tag="persons")

_DATA = (
    "All that is known of a person who is a {one}: record, history, notes, files, events, "
    "documents."
)
_ERASE = (
    "Erase a person who is a {one}: from the record, its history, notes, files, events and replies."
    "\n\nThe record stays, archived and without personal data; documents keep what the books need. "
    "A keyed hash keeps imports from bringing the person back. The report says what was erased, "
    "and what is kept, why and until when."
)

add_person_routes(
    customer_person_router,
    "customer",
    data=service.customer_data,
    erase=service.erase_customer,
    data_text=_DATA.format(one="customer"),
    erase_text=_ERASE.format(one="customer"),
    refuses=(NotAPerson,),
)
add_sent_erasure(customer_person_router, "customer", erase=service.erase_customer)
add_person_routes(
    supplier_person_router,
    "supplier",
    data=service.supplier_data,
    erase=service.erase_supplier,
    data_text=_DATA.format(one="supplier"),
    erase_text=_ERASE.format(one="supplier"),
    refuses=(NotAPerson,),
)
