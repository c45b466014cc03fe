"""Which routes FastAPI answers by itself, without a plan (decision 0038)."""

import pytest

from chassis.api.app import create_app
from chassis.http.planning import Plan
from chassis.http.routing import IdempotentRoute
from contracts.generator.__main__ import registered
from tests.architecture.sources import ROOT

SERVICES = {service.name: service for service in registered(ROOT).values()}
EVERYWHERE = {"event_list", "event_state_list", "event_consumer_delete"} | {
    "password_invitation_accept",
    "session_delete",
    "me_password_change",
}
"""Replies that are no view: bytes that are kept as JSON, and none at all; notes and attachments are
deleted so, and files downloaded."""
FILES = {"export_file", "import_error_file", "import_mapping_delete"}
OF_CRM = {"lead_duplicate_dismiss", "open_form_confirm"}
"""They answer 204, which has no body."""
PDFS = {"contract_pdf_get", "quote_pdf_get"}
OF_SERVICE = {
    "bridge": {"flow_resume", "mapping_unlink"},
    "crm": FILES | OF_CRM | PDFS,
    "erp": FILES,
}


@pytest.mark.parametrize("name", SERVICES)
def test_all_other_routes_are_planned(name):
    """A route with a reply class of its own loses its plan, and nobody would notice."""
    service = SERVICES[name]
    routes = create_app(service, service.settings()).router.routes
    ours = [route for route in routes if isinstance(route, IdempotentRoute)]
    assert len(ours) > 20
    without = {route.name for route in ours if Plan.of(route) is None}
    ends = (
        *("_note_delete", "_attachment_delete", "_attachment_download", "_export"),
        *("custom_field_delete", "saved_view_delete"),
    )
    without = {name for name in without if not name.endswith(ends)}
    assert without == EVERYWHERE | OF_SERVICE.get(name, set())
