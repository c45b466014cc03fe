"""What customers and suppliers have in common: how their values are made ready, and tax ids."""

from collections.abc import Sequence
from typing import Any

from chassis.problems.field_errors import errors_of_field
from chassis.problems.standard import CurrencyNotSupported, Forbidden, MissingReference
from chassis.work.company_rules import require_supported_currency
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from erp.parties import queries
from erp.parties.errors import DuplicateTaxId
from erp.parties.models import Customer, Party
from records.entities import Values
from records.types import Change
from values.address import Address, AddressChange
from values.money import Money, MoneyChange, MoneyView

__all__ = ["claim_tax_ids", "prepare", "require_price_lists"]

TERMS = frozenset({"credit_limit", "payment_terms_days", "dunning_block", "price_list"})
TERMS_SCOPE = "parties.terms"
"""Who sells does not decide on credit and prices: terms have a permission of their own."""


async def prepare(work: Work, change: Change[Any], _sender: str | None) -> Values:
    """The values, with changed parts of an address or amount laid onto the present ones.

    Another tax id is not shared unless it is said anew. Raises Forbidden (credit limit, payment
    terms, dunning block, price list), CurrencyNotSupported, and InvalidInput: an amount that is new
    here has only one of its parts.
    """
    party, given = change.record, change.values
    if TERMS & given.keys() and not work.actor.may(TERMS_SCOPE):
        raise Forbidden(scope=TERMS_SCOPE)
    values: dict[str, Any] = {name: _laid_onto(party, name, value) for name, value in given.items()}
    if "currency" in values:
        require_supported_currency(work, values["currency"])
    limit = values.get("credit_limit")
    if isinstance(limit, Money):
        require_supported_currency(work, limit.currency)
    if "tax_id" in values and values["tax_id"] != (party.tax_id or ""):
        return {"tax_id_shared": False} | values
    return values


def _laid_onto(party: Party, name: str, value: object) -> object:
    if isinstance(value, AddressChange):
        return value.onto(getattr(party, name) or Address())
    if isinstance(value, MoneyChange):
        with errors_of_field(name):
            return value.onto(getattr(party, name))
    return value.money() if isinstance(value, MoneyView) else value


async def require_price_lists(work: Work, changes: Sequence[Change[Customer]]) -> None:
    """Raises MissingReference, CurrencyNotSupported (the list's is another than the customer's)."""
    customers = [one.record for one in changes if one.touches("price_list", "currency")]
    codes = {one.price_list for one in customers if one.price_list}
    currencies = await queries.currencies_of_price_lists(work.sql, codes) if codes else {}
    for customer in customers:
        code = customer.price_list
        if code and code not in currencies:
            raise MissingReference(entity="price_list", reference=code)
        if code and currencies[code] != customer.currency:
            raise CurrencyNotSupported(supported=customer.currency, currency=currencies[code])


async def claim_tax_ids(work: Work, kind: str, changes: Sequence[Change[Any]]) -> None:
    """See to it that no two active customers, or suppliers, have the same tax id.

    Branches are marked, and claim none. Blanks, points, strokes and dashes make no difference.
    Raises DuplicateTaxId.
    """
    parties: list[Party] = [
        one.record for one in changes if one.touches("tax_id", "tax_id_shared", "status")
    ]
    claims = [
        (party, key) for party in parties if not party.tax_id_shared and (key := party.tax_id_key)
    ]
    if not claims:
        return
    keys = sorted({key for _, key in claims})
    await advisory_lock(work, *(f"{kind} tax_id:{key}" for key in keys))
    holders = await queries.active_parties_with_tax_ids(work.sql, kind, keys)
    for party, key in claims:
        existing_id, number = holders.setdefault(key, (party.id, party.number))
        if existing_id != party.id:
            raise DuplicateTaxId(
                entity=kind, tax_id=party.tax_id, existing_id=existing_id, number=number
            )
