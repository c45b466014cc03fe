"""What custom fields of documents bring into a service that keeps documents."""

from chassis.service import Module
from chassis.work.states import States
from records.document_fields.events import DocumentFieldsChanged
from records.document_fields.service import field_states
from records.document_fields.tables import RIGHTS

__all__ = ["MODULE"]

MODULE = Module(
    rights=RIGHTS,
    name="document_fields",
    events=(DocumentFieldsChanged,),
    states={DocumentFieldsChanged: States("document_fields", field_states)},
)
