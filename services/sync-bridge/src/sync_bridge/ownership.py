"""Which half owns which field of what both halves keep.

A field has one owner. Its owner's changes are delivered to the other half; what the other half
does to it is not sent back, and the next change of the owner puts it right. When a record has
no twin yet, everything known of it is delivered once, so that the twin begins whole; from then on
each half sends only what it owns. A mapped field that is not in this table fails the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["OWNERSHIP", "PROTOCOL", "Field", "Half", "foreign_part", "other", "owned_part"]

Half = Literal["crm", "erp"]

PROTOCOL = frozenset({"source_version"})
"""Fields of a call that belong to no record."""


@dataclass(frozen=True)
class Field:
    """One field of an entity: who owns it, and what each half calls it in what it accepts."""

    name: str
    owner: Half
    crm: str
    erp: str

    def called_by(self, half: Half) -> str:
        """The field's name in what that half accepts."""
        return self.crm if half == "crm" else self.erp


def _same(name: str, owner: Half) -> Field:
    return Field(name, owner, crm=name, erp=name)


OWNERSHIP: Mapping[str, tuple[Field, ...]] = {
    "customer": (
        _same("kind", "crm"),
        _same("name", "crm"),
        _same("email", "crm"),
        _same("phone", "crm"),
        _same("website", "crm"),
        _same("language", "crm"),
        Field("delivery address", "crm", crm="shipping_address", erp="ship_to"),
        _same("tax_id", "erp"),
        _same("currency", "erp"),
        _same("price_list", "erp"),
        Field("invoice address", "erp", crm="billing_address", erp="bill_to"),
        Field("terms of business", "erp", crm="erp", erp="terms"),
    ),
    "product": (
        Field("number", "erp", crm="code", erp="sku"),
        _same("name", "erp"),
        _same("description", "erp"),
        _same("category", "erp"),
        _same("unit", "erp"),
        _same("unit_decimals", "erp"),
        Field("on sale", "erp", crm="active", erp="sold"),
        _same("discontinued_on", "erp"),
    ),
    "price_list": (
        _same("code", "erp"),
        _same("name", "erp"),
        _same("is_default", "erp"),
    ),
    "price": (
        Field("product", "erp", crm="product", erp="item"),
        _same("price_list", "erp"),
        _same("min_quantity", "erp"),
        _same("valid_from", "erp"),
        _same("valid_to", "erp"),
        _same("price", "erp"),
        _same("status", "erp"),
    ),
    "order": (
        Field("customer", "crm", crm="account_id", erp="customer_id"),
        _same("ordered_on", "crm"),
        _same("requested_on", "crm"),
        _same("ship_to", "crm"),
        _same("note", "crm"),
        Field("cancellation", "crm", crm="state", erp="cancelled"),
        _same("lines", "crm"),
        Field("freight", "crm", crm="freight", erp="charges"),
        Field("version of the content", "crm", crm="content_version", erp="source_version"),
        _same("base", "crm"),
    ),
    "fulfilment": (
        Field("order", "erp", crm="order_id", erp="external_refs"),
        Field("how it stands", "erp", crm="erp", erp="state"),
    ),
    "availability": (
        Field("product", "erp", crm="product_id", erp="item"),
        _same("free", "erp"),
        _same("incoming", "erp"),
    ),
    "debt": (
        Field("customer", "erp", crm="account_id", erp="customer_id"),
        Field("amount", "erp", crm="owes", erp="owed"),
        _same("told_at", "erp"),
    ),
}
"""Terms of business: number, credit limit, payment terms, dunning block. The CRM reads them."""


def other(half: Half) -> Half:
    """The half across the bridge."""
    return "erp" if half == "crm" else "crm"


def owned_part(entity: str, *, sender: Half, body: Mapping[str, Any]) -> dict[str, Any]:
    """What of a mapped body the sender owns; the rest is the receiver's own."""
    target = other(sender)
    mine = {field.called_by(target) for field in OWNERSHIP[entity] if field.owner == sender}
    return {name: value for name, value in body.items() if name in mine}


def foreign_part(entity: str, *, holder: Half, state: Mapping[str, Any]) -> dict[str, Any]:
    """What the holder's own state shows of the fields the other half owns, in its own words."""
    theirs = {field.called_by(holder) for field in OWNERSHIP[entity] if field.owner != holder}
    return {name: value for name, value in state.items() if name in theirs}
