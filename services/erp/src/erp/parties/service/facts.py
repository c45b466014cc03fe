"""Facts of a party as a caller gave them, made ready for the entity."""

from collections.abc import Mapping
from typing import Any

from chassis.http.problems import Forbidden
from chassis.storage.work import Work
from erp.addresses import Address, AddressChange
from erp.currencies import must_be_supported
from erp.money import Money
from erp.parties.models import Party

__all__ = ["merged", "supported"]

TERMS = frozenset({"credit_limit", "payment_terms_days", "dunning_block"})
TERMS_SCOPE = "parties.terms"
"""Who sells does not decide on credit: terms have a permission of their own."""


def merged(party: Party, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts, with changed parts of an address laid onto the present one, if there is any."""
    return {
        name: value.onto(getattr(party, name) or Address())
        if isinstance(value, AddressChange)
        else value
        for name, value in facts.items()
    }


def supported(work: Work, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The facts, if every currency among them is ours, and the actor may set terms it sets.

    Raises CurrencyNotSupported, Forbidden (credit limit, payment terms, dunning block).
    """
    if TERMS & facts.keys() and not work.actor.may(TERMS_SCOPE):
        raise Forbidden(scope=TERMS_SCOPE)
    if "currency" in facts:
        must_be_supported(work, facts["currency"])
    limit = facts.get("credit_limit")
    if isinstance(limit, Money):
        must_be_supported(work, limit.currency)
    return facts
