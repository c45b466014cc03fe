"""Contracts: what is particular about writing them."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput
from chassis.storage.reading import Reading
from chassis.work.locking import read_all
from chassis.work.unit_of_work import Work
from crm.contracts.events import ContractChanged
from crm.contracts.models import Contract
from crm.contracts.queries import contracts as queries
from crm.contracts.schemas import ContractView
from crm.contracts.service.references import with_references
from crm.contracts.states import ContractState
from records.entities import Values
from records.types import Change, RecordType, changed_fields

__all__ = ["BY_ACT", "CONTRACT", "STATE", "contract_states"]

STATE = "state"
"""The value of an act that says which state follows; the other values are the act's own."""

BY_ACT = "by_act"
"""The value of an act that changes a contract within its state."""

_FREE = {"owner_id", "team_id", "note", "status", "custom"}
"""What may be changed of a contract that was sent: the customer sees none of it."""

Changes = Sequence[Change[Contract]]


async def contract_states(at: Reading, ids: Sequence[UUID]) -> list[ContractChanged]:
    """What is published of contracts, as they are now."""
    return [ContractChanged.of(one, []) for one in await read_all(at, Contract, ids)]


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    usual: dict[str, Any] = {"state": ContractState.DRAFT}
    return [usual | dict.fromkeys(("text_hash", "signer", "closing_reason", "note"), "")] * count


async def _look_up(work: Work, changes: Changes, _sender: str | None) -> Sequence[Values]:
    """The values with all that they name found, and the dates in order.

    Raises ContractFixed, ContractStateRefused, InvalidInput (an end before the start), and what
    `with_references` raises.
    """
    for one in changes:
        _require_free(one)
    found = []
    for one, given in zip(changes, await with_references(work, changes), strict=True):
        values = {name: value for name, value in given.items() if name != BY_ACT}
        _require_order(one.record, values)
        found.append(values)
    return found


def _require_free(change: Change[Contract]) -> None:
    """Raises ContractFixed for what was sent, but for the same again; ContractStateRefused."""
    contract, given = change.record, change.values
    if STATE in given and not change.is_new:
        contract.require_next(given[STATE])
        return
    if change.is_new or contract.state == ContractState.DRAFT or BY_ACT in given:
        return
    if any(value != getattr(contract, name) for name, value in given.items() if name not in _FREE):
        contract.require_draft()


def _require_order(contract: Contract, values: Values) -> None:
    """Raises InvalidInput for an end before the start."""
    starts: date | None = values.get("starts_on", contract.starts_on)
    ends: date | None = values.get("ends_on", contract.ends_on)
    if starts and ends and ends < starts:
        text = "It would end before it starts."
        raise InvalidInput(errors=[FieldError("/ends_on", "before_the_start", text)])


async def _check(work: Work, changes: Changes, _sender: str | None) -> None:
    """Give new contracts their numbers, the last thing that others could wait for."""
    new = [one.record for one in changes if one.is_new and not one.record.number]
    if not new:
        return
    numbers = await queries.next_numbers(work.sql, work.today(), len(new))
    for contract, number in zip(new, numbers, strict=True):
        contract.number = number


async def _publish(work: Work, changes: Changes) -> None:
    await work.record(
        *(ContractChanged.of(one.record, changed_fields(ContractChanged, one)) for one in changes)
    )


CONTRACT: RecordType[Contract, ContractView] = RecordType(
    name="contract",
    entity=Contract,
    reads=queries.CONTRACTS,
    defaults=_defaults,
    look_up=_look_up,
    check=_check,
    publish=_publish,
)
"""How contracts are kept."""
