"""Finding the accounts that are, or may be, firms that are known elsewhere."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.storage.reading import Reading
from crm.accounts.queries import matching
from crm.accounts.queries.matching import MOST_FOUND, Wanted
from crm.accounts.schemas import (
    AccountCandidate,
    AccountMatches,
    AccountMatchReply,
    MatchAccounts,
    Probe,
)
from values.address import Address
from values.matching import match_keys

__all__ = ["match_accounts"]

_STRENGTH = ("external_id", "tax_id", "email", "phone", "name_and_address")
"""Reasons, the strongest first."""


async def match_accounts(at: Reading, command: MatchAccounts) -> AccountMatchReply:
    """The accounts that have something in common with each probe, in the order asked."""
    found = await matching.matches(at, [_wanted(probe) for probe in command.items])
    best = [sorted(one.items(), key=_rank) for one in found]
    shown = {account_id for one in best for account_id, _ in one[:MOST_FOUND]}
    seen = await matching.candidates(at.sql, shown)
    return AccountMatchReply(
        items=[
            AccountMatches(
                key=probe.key,
                candidates=[
                    _candidate(seen[account_id], reasons)
                    for account_id, reasons in one[:MOST_FOUND]
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


def _candidate(row: Mapping[str, Any], reasons: Sequence[str]) -> AccountCandidate:
    addresses = [one for one in row["addresses"] if Address.model_validate(one) != Address()]
    found = {"addresses": addresses, "reasons": sorted(reasons, key=_STRENGTH.index)}
    return AccountCandidate.model_validate(dict(row) | found)
