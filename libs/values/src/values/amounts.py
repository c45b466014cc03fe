"""What has amounts says in which currency they are, and they have that currency's decimals."""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from types import NoneType
from typing import Annotated, Any, NamedTuple, Self, get_args

from pydantic import BaseModel, Field, StringConstraints, WithJsonSchema, model_validator

from values.decimals import AMOUNT, EXACT, UNIT_PRICE, rounded
from values.money import digits_of

__all__ = ["InCurrency", "SentCurrency", "amount_facts", "part_currency"]

SentCurrency = Annotated[str, StringConstraints(pattern=r"^([A-Z]{3})?$")]
"""The currency that a sender may name beside amounts; empty: the company's."""


def part_currency() -> Any:
    """The field `currency` of a part, such as a line: left out, that of the whole it belongs to."""
    return Field(default_factory=str, description="Currency of the amounts beside it (ISO 4217).")


class _Fields(NamedTuple):
    """Names of a model's fields that depend on its currency."""

    amounts: tuple[str, ...]
    prices: tuple[str, ...]
    parts: tuple[str, ...]


class InCurrency(BaseModel):
    """A view, a state, or a part of one, whose amounts are in its `currency`.

    Made of what the database gives, it has each amount with the decimals of the currency, half-up,
    and each unit price with at least those. Parts that name no currency are in that of the whole.
    """

    @model_validator(mode="after")
    def _with_decimals_of_currency(self) -> Self:
        if currency := self.__dict__["currency"]:
            _quantize(self, currency)
        return self


def _quantize(whole: InCurrency, currency: str) -> None:
    fields, values = _fields_of(type(whole)), whole.__dict__
    smallest = _smallest(currency)
    for name in fields.amounts:
        if values[name] is not None:
            values[name] = values[name].quantize(smallest, context=EXACT)
    for name in fields.prices:
        if values[name] is not None:
            values[name] = _as_price(values[name], smallest)
    for name in fields.parts:
        found = values[name]
        for part in found if isinstance(found, list) else () if found is None else (found,):
            if not part.__dict__["currency"]:
                part.__dict__["currency"] = currency
                _quantize(part, currency)


def amount_facts(currency: str, **amounts: Decimal) -> dict[str, Any]:
    """What a problem or a document says of amounts: each with the decimals of the currency.

    What a caller sent with more decimals is said with those that it needs.
    """
    smallest = _smallest(currency)
    shown = {name: f"{_as_price(one, smallest):f}" for name, one in amounts.items()}
    return shown | {"currency": currency}


@cache
def _smallest(currency: str) -> Decimal:
    """One unit of the last decimal that the currency is paid in."""
    return Decimal(1).scaleb(-digits_of(currency))


def _as_price(price: Decimal, smallest: Decimal) -> Decimal:
    """The price with the decimals that it needs, at least the currency's."""
    shown = price.quantize(smallest, context=EXACT)
    return shown if shown == price else rounded(price, 6).normalize(EXACT)


@cache
def _fields_of(model: type[InCurrency]) -> _Fields:
    fields = model.model_fields
    formats = {name: _format_of(one.annotation, one.metadata) for name, one in fields.items()}
    return _Fields(
        tuple(name for name, form in formats.items() if form == AMOUNT),
        tuple(name for name, form in formats.items() if form == UNIT_PRICE),
        tuple(name for name, one in fields.items() if any(map(_is_part, _types(one.annotation)))),
    )


def _format_of(annotation: Any, metadata: Any) -> str | None:
    """The format that a field declares, also where null is allowed beside it."""
    for one in metadata:
        if isinstance(one, WithJsonSchema) and one.json_schema:
            return one.json_schema.get("format")
    found = (_format_of(None, getattr(one, "__metadata__", ())) for one in get_args(annotation))
    return next((one for one in found if one), None)


def _types(annotation: Any) -> Iterator[Any]:
    """The type, and those that stand within it, such as in a list."""
    yield annotation
    for one in get_args(annotation):
        if one is not NoneType:
            yield from _types(one)


def _is_part(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, InCurrency)
