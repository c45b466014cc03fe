"""Facts as a caller gave them, made ready for the entity."""

from crm.accounts.models import Account, Contact
from crm.consents import Consent, ConsentChange
from crm.fields import Facts
from values.address import Address, AddressChange
from values.phone import phone_of

__all__ = ["read"]


def read(facts: Facts, *, present: Account | Contact | None = None, region: str) -> Facts:
    """The facts with changed parts laid onto the present ones, and the phone number read.

    A number without country code is one of the invoice address's country, else of the region's.
    Our own spelling of the present number changes nothing.
    """
    ready = {name: _laid_onto(present, name, fact) for name, fact in facts.items()}
    if "phone" not in facts:
        return ready
    if present is not None and present.phone.is_spelled(facts["phone"]):
        return ready | {"phone": present.phone}
    address = ready.get("billing_address") or getattr(present, "billing_address", None)
    country = address.country if isinstance(address, Address) else ""
    return ready | {"phone": phone_of(facts["phone"], region=country or region)}


def _laid_onto(present: Account | Contact | None, name: str, fact: object) -> object:
    known = getattr(present, name, None)
    if isinstance(fact, AddressChange):
        return fact.onto(known or Address())
    if isinstance(fact, ConsentChange):
        return fact.onto(known or Consent())
    return fact
