"""Finding the customers that are, or may be, firms that are known elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from erp.parties import queries
from erp.parties.queries import MOST_FOUND, Wanted
from erp.parties.schemas import (
    CustomerCandidate,
    CustomerMatches,
    CustomerMatchReply,
    MatchCustomers,
    Probe,
)
from values.address import Address
from values.matching import match_keys

__all__ = ["match_customers"]

_STRENGTH = ("external_id", "tax_id", "email", "phone", "name_and_address")
"""Reasons, the strongest first."""


async def match_customers(sql: queries.Sql, command: MatchCustomers) -> CustomerMatchReply:
    """The customers that have something in common with each probe, in the order asked."""
    found = await queries.matches(sql, [_wanted(probe) for probe in command.items])
    best = [sorted(one.items(), key=_rank) for one in found]
    shown = {customer_id for one in best for customer_id, _ in one[:MOST_FOUND]}
    seen = await queries.candidates(sql, shown)
    return CustomerMatchReply(
        items=[
            CustomerMatches(
                key=probe.key,
                candidates=[
                    _candidate(seen[customer_id], reasons)
                    for customer_id, reasons in one[:MOST_FOUND]
                ],
                truncated=len(one) > MOST_FOUND,
            )
            for probe, one in zip(command.items, best, strict=True)
        ]
    )


def _wanted(probe: Probe) -> Wanted:
    keys = match_keys(
        tax_id=probe.tax_id,
        email=probe.email,
        phone=probe.phone,
        name=probe.name,
        legal_name=probe.legal_name,
        addresses=(probe.address, probe.delivery_address),
    )
    return Wanted(keys, [(one.system, one.external_id) for one in probe.external_refs])


def _rank(found: tuple[UUID, Sequence[str]]) -> tuple[int, int, UUID]:
    """The strongest reason first, then the number of reasons, then the older record."""
    record, reasons = found
    return min(map(_STRENGTH.index, reasons)), -len(reasons), record


def _candidate(row: Mapping[str, Any], reasons: Sequence[str]) -> CustomerCandidate:
    addresses = [one for one in row["addresses"] if Address.model_validate(one) != Address()]
    found = {"addresses": addresses, "reasons": sorted(reasons, key=_STRENGTH.index)}
    return CustomerCandidate.model_validate(dict(row) | found)
