"""What an event is and how it is written down."""

from decimal import Decimal
from typing import ClassVar
from uuid import uuid4

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from chassis.events.event import Event, InternalEvent
from values.decimals import Quantity
from values.money import MoneyView


class PriceChanged(Event):
    event_name: ClassVar[str] = "price-changed"
    major: ClassVar[int] = 2
    topic: ClassVar[str] = "price"
    aggregate: ClassVar[str] = "price"

    rate: Quantity
    price: MoneyView


def changed(**other):
    known = {
        "id": uuid4(),
        "version": 1,
        "changed": ["price"],
        "rate": Decimal("1.50"),
        "price": MoneyView(amount=Decimal("12.30"), currency="CNY"),
    }
    return PriceChanged.model_validate(known | other)


def test_type_topic_and_schema_carry_service_and_major_version():
    """C67: the schema version stands in the type and in the schema's identifier."""
    assert PriceChanged.type_for("erp") == "tandem.erp.price-changed.v2"
    assert PriceChanged.topic_for("erp") == "erp.price.v2"
    assert PriceChanged.schema_for("erp") == "/schemas/erp.price-changed.v2.json"


def test_money_travels_as_amount_and_currency():
    """B55: decimal strings, as they were, currency beside the amount."""
    written = orjson.loads(changed().model_dump_json())
    assert written["price"] == {"amount": "12.30", "currency": "CNY"}
    assert written["rate"] == "1.5"


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**13), max_value=10**13
    )
)
def test_every_decimal_survives_the_wire(number):
    """E3: no float and no exponent on the way; what is read equals what was written."""
    text = changed(rate=number).model_dump_json()
    written = orjson.loads(text)["rate"]
    assert "e" not in written.lower()
    assert PriceChanged.model_validate_json(text).rate == number


def test_a_large_number_is_written_without_an_exponent():
    """E3: 1E+2 is a decimal too, but not one that other languages read."""
    assert orjson.loads(changed(rate=Decimal("1E+2")).model_dump_json())["rate"] == "100"


def test_the_schema_says_string_for_a_decimal():
    schema = PriceChanged.model_json_schema()
    assert schema["properties"]["rate"]["type"] == "string"
    assert {"id", "version", "changed"} <= set(schema["required"])
    assert schema["additionalProperties"] is False


def test_an_event_cannot_be_changed_afterwards():
    event = changed()
    with pytest.raises(ValidationError):
        event.version = 2


@pytest.mark.parametrize(
    "wrong", [{"version": 0}, {"surplus": 1}, {"price": {"amount": "1", "currency": "yuan"}}]
)
def test_what_no_event_may_say_is_refused(wrong):
    with pytest.raises(ValidationError):
        changed(**wrong)


def test_an_internal_event_may_leave_the_aggregate_out():
    class StockCounted(InternalEvent):
        event_name: ClassVar[str] = "stock-counted"

    assert StockCounted.public is False
    assert StockCounted().version == 0


@pytest.mark.parametrize("attribute", ["event_name", "topic", "aggregate"])
def test_a_name_that_fits_no_topic_is_refused_when_the_class_is_made(attribute):
    with pytest.raises(TypeError, match="kebab-case"):
        type("Wrong", (Event,), {attribute: "Price_Changed", "__annotations__": {}})
