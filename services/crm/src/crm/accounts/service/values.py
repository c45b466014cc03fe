"""Values of accounts, contacts and leads as a caller gave them, made ready for the entity."""

from typing import Any

from crm.consents import Consent, ConsentChange
from crm.reached import Reached
from records.entities import Values
from values.address import Address, AddressChange
from values.phone import phone_of

__all__ = ["with_phone"]


def with_phone(values: Values, present: Reached, *, region: str) -> dict[str, Any]:
    """The values with changed parts laid onto the present ones, and the phone number read.

    A number without country code is one of the (invoice) address's country, else of the region's.
    Our own spelling of the present number changes nothing.
    """
    ready = {name: _laid_onto(present, name, value) for name, value in values.items()}
    if "phone" not in values:
        return ready
    if present.phone.is_spelled(values["phone"]):
        return ready | {"phone": present.phone}
    place = "address" if hasattr(present, "address") else "billing_address"
    address = ready.get(place) or getattr(present, place, None)
    country = address.country if isinstance(address, Address) else ""
    return ready | {"phone": phone_of(values["phone"], region=country or region)}


def _laid_onto(present: Reached, name: str, value: object) -> object:
    if isinstance(value, AddressChange):
        return value.onto(getattr(present, name, None) or Address())
    if isinstance(value, ConsentChange):
        return value.onto(getattr(present, name, None) or Consent())
    return value
