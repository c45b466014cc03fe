"""Bodies with more wrong fields than a reply lists: the first are listed, at little cost."""

from decimal import Decimal
from typing import Annotated, Literal

import pytest
from fastapi._compat import ModelField
from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from chassis.http.bodies import Body
from chassis.problems.field_errors import field_error
from chassis.problems.problem import ERRORS_MAX


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=2, pattern="^[a-z]+$")]
    amount: Annotated[Decimal, Field(ge=Decimal("0.5"), le=1)] = Decimal(1)
    kind: Literal["big", "small"] = "big"
    note: str = ""
    code: str = "A"

    @field_validator("note")
    @classmethod
    def _no_secret(cls, note):
        if note == "secret":
            message = "not here"
            raise ValueError(message)
        return note

    @field_validator("code")
    @classmethod
    def _known(cls, code):
        if code != "A":
            raise PydanticCustomError("no_code", "There is no {code}.", {"code": code})
        return code


class Batch(BaseModel):
    model_config = ConfigDict(extra="forbid")

    items: Annotated[list[Line], Field(max_length=500)]


WRONG = [
    {},
    {"name": "x", "other": 1, "line/2": []},
    {"name": "Ü", "amount": "0.1"},
    {"name": 7, "amount": "2", "kind": "huge"},
    {"name": "ab", "amount": "none", "note": "secret"},
    {"name": "ab", "code": "B"},
    7,
]


def fields(batch):
    info = FieldInfo.from_annotation(batch)
    return ModelField(info, "command"), Body(info, "command")


@pytest.mark.parametrize("times", [1, 60])
def test_the_first_wrong_fields_are_listed_as_those_of_few(times):
    usual, bounded = fields(Batch)
    sent = {"items": WRONG * times}
    _, expected = usual.validate(sent, {}, loc=("body",))
    _, found = bounded.validate(sent, {}, loc=("body",))
    assert len(found) == min(len(expected), ERRORS_MAX)
    listed = [field_error(one) for one in found]
    assert listed == [field_error(one) for one in expected[: len(found)]]


@pytest.mark.parametrize(
    "sent",
    [
        {f"{at:x}": 0 for at in range(20_000)},
        {"items": [{f"{at:x}": 0 for at in range(50)}] * 400},
    ],
    ids=["one object", "many objects"],
)
def test_no_more_errors_are_made_than_are_listed(sent):
    _, found = fields(Batch)[1].validate(sent, {}, loc=("body",))
    assert len(found) == ERRORS_MAX


def test_what_is_right_is_the_command():
    command, found = fields(Batch)[1].validate({"items": [{"name": "ab"}]}, {}, loc=("body",))
    assert (command, found) == (Batch(items=[Line(name="ab")]), [])
