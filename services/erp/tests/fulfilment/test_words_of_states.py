"""The words of a state stand once: the database, the API and the event have those of the enum."""

import re

import pytest

from erp.fulfilment.events import OrderChanged
from erp.fulfilment.states import ChangeKind, ChangeState, ChargeKind, OrderState, ShipmentKind
from erp.stock.states import LocationKind, StockDocumentKind

CHECK = "select pg_get_constraintdef(oid) from pg_constraint where conname = $1"


@pytest.mark.parametrize(
    ("constraint", "words"),
    [
        ("ck_sales_order_state_known", OrderState),
        ("ck_sales_order_charge_kind_known", ChargeKind),
        ("ck_change_request_kind_known", ChangeKind),
        ("ck_change_request_state_known", ChangeState),
        ("ck_shipment_kind_known", ShipmentKind),
        ("ck_location_kind_known", LocationKind),
    ],
)
async def test_the_database_knows_the_words_of_the_enum(desk, constraint, words):
    async with desk.erp.database.driver() as sql:
        text = await sql.fetchval(CHECK, constraint)
    assert set(re.findall(r"'(\w+)'", text)) == set(words)


@pytest.mark.parametrize("words", [OrderState, ChangeKind, ChangeState, ShipmentKind])
def test_the_event_has_the_words_of_the_enum(words):
    assert OrderChanged.model_json_schema()["$defs"][words.__name__]["enum"] == list(words)


@pytest.mark.parametrize(
    ("path", "name", "words"),
    [
        ("/v1/sales-orders", "state", OrderState),
        ("/v1/shipments", "kind", ShipmentKind),
        ("/v1/stock-documents", "kind", StockDocumentKind),
    ],
)
def test_the_api_has_the_words_of_the_enum(desk, path, name, words):
    """Filters take one or several; a reply's state is a string, so that a client survives more."""
    asked = desk.erp.app.openapi()["paths"][path]["get"]["parameters"]
    [schema] = [one["schema"] for one in asked if one["name"] == name]
    told = next(one for one in schema["anyOf"] if one["type"] == "string")["description"]
    assert re.findall(r"`(\w+)`", told) == list(words)


async def test_a_word_that_there_is_not_is_refused_with_those_there_are(desk, problem):
    reply = await desk.erp.client.get("/v1/shipments?kind=other")
    [error] = problem(reply, 422, "invalid_input")["errors"]
    assert error["code"] == "literal_error"
    assert "delivery" in str(error)
