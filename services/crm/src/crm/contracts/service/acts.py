"""Acts on contracts: generate, send, sign, renew, end, void. Each locks the contract first."""

from datetime import date
from typing import Any
from uuid import UUID

from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.accounts.errors import AccountArchived
from crm.contracts.errors import (
    ContractIncomplete,
    ContractNotGenerated,
    ContractOutdated,
    ContractStateRefused,
)
from crm.contracts.models import Contract
from crm.contracts.queries import texts
from crm.contracts.queries.contracts import CONTRACTS
from crm.contracts.queries.texts import NewText
from crm.contracts.schemas import (
    ContractTextView,
    EndContract,
    RenewContract,
    SignContract,
    VoidContract,
)
from crm.contracts.service.contracts import BY_ACT, CONTRACT, STATE
from crm.contracts.service.snapshots import Snapshot, snapshot_of, text_from
from crm.contracts.states import ContractState
from crm.formats import hash_of
from records.entities import ARCHIVED
from records.types import Change
from records.writes import lock_visible, write

__all__ = ["contract_text", "end", "generate", "renew", "send", "sign", "void"]


async def generate(work: Work, contract_id: UUID) -> None:
    """Make the text of a draft from its template and the data as they are now (C29).

    Where neither changed the text stays as it is, with its version; else it is the next version.
    Raises NotFound, Forbidden, ContractFixed, ContractArchived, ContractIncomplete,
    ContractTooLong.
    """
    contract = await _locked(work, contract_id)
    contract.require_draft()
    contract.require_active()
    snapshot = await snapshot_of(work, contract)
    present = await _present(work, contract)
    if present is not None and not _differing(present, snapshot):
        return
    text = text_from(snapshot.template, snapshot.values)
    version = await texts.last_version(work.sql, contract.id) + 1
    new = NewText(
        contract_id=contract.id,
        contract_version=version,
        template_id=snapshot.template.id,
        language=snapshot.template.language,
        snapshot=snapshot.values,
        snapshot_hash=snapshot.hash,
        text=text,
        text_hash=hash_of(text),
        generated_at=work.now,
        generated_by=work.actor.reference,
        account_id=contract.account_id,
        contact_id=contract.contact_id,
    )
    await texts.add_text(work.sql, new)
    values = {"contract_version": version, "text_hash": new.text_hash}
    await write(work, CONTRACT, [Change(contract, values)])


async def contract_text(
    at: Reading, contract_id: UUID, contract_version: int | None
) -> ContractTextView:
    """A text of a contract, the present one by default. Raises NotFound, ContractNotGenerated."""
    contract = await CONTRACTS.get(at, contract_id)
    wanted = contract_version or contract.contract_version
    if wanted is None:
        raise ContractNotGenerated(number=contract.number)
    found = await texts.text_of_version(at.sql, contract_id, wanted)
    if found is None:
        raise NotFound(entity="contract_text", id=wanted)
    return found


async def send(work: Work, contract_id: UUID) -> None:
    """Say that the contract goes to the customer now: from now on it stays as it is (C29).

    Raises NotFound, Forbidden, ContractStateRefused, ContractArchived, ContractIncomplete,
    ContractNotGenerated, ContractOutdated (its text is older than the data), AccountArchived.
    """
    contract = await _locked(work, contract_id)
    contract.require_next(ContractState.SENT)
    contract.require_active()
    if contract.account_id is None:
        raise ContractIncomplete(number=contract.number, fields="account_id")
    snapshot = await snapshot_of(work, contract)
    if snapshot.facts.account_status == ARCHIVED:
        raise AccountArchived(account=contract.account_id)
    present = await _present(work, contract)
    if present is None:
        raise ContractNotGenerated(number=contract.number)
    differing = _differing(present, snapshot)
    if differing:
        raise ContractOutdated(
            number=contract.number,
            contract_version=present.contract_version,
            fields=", ".join(differing),
        )
    await _write(work, contract, {STATE: ContractState.SENT, "sent_on": work.today()})


async def sign(work: Work, contract_id: UUID, command: SignContract) -> None:
    """Keep who signed for the customer, and when.

    Raises NotFound, Forbidden, ContractStateRefused, InvalidInput (a day to come).
    """
    contract = await _locked(work, contract_id)
    contract.require_next(ContractState.SIGNED)
    given = command.signed_on if "signed_on" in command.model_fields_set else None
    day = _past(work, given, "/signed_on")
    values = {STATE: ContractState.SIGNED, "signer": command.signer, "signed_on": day}
    await _write(work, contract, values)


async def renew(work: Work, contract_id: UUID, command: RenewContract) -> None:
    """Let a signed contract go on, to its next renewal.

    Raises NotFound, Forbidden, ContractStateRefused, InvalidInput (a renewal that is not after the
    one before, an end before the start).
    """
    contract = await _locked(work, contract_id)
    if contract.state != ContractState.SIGNED:
        raise ContractStateRefused(number=contract.number, state=contract.state, wanted="renewed")
    before, wanted = contract.renewal_on, command.renewal_on
    if before and wanted and wanted <= before:
        text = "The next renewal comes after the one before."
        raise InvalidInput(errors=[FieldError("/renewal_on", "not_after", text)])
    values: dict[str, Any] = {BY_ACT: True, "renewal_on": wanted}
    if "ends_on" in command.model_fields_set:
        values["ends_on"] = command.ends_on
    await _write(work, contract, values)


async def end(work: Work, contract_id: UUID, command: EndContract) -> None:
    """Say that a signed contract holds no more.

    Raises NotFound, Forbidden, ContractStateRefused, InvalidInput (a day to come, or before it was
    signed).
    """
    contract = await _locked(work, contract_id)
    contract.require_next(ContractState.ENDED)
    given = command.ended_on if "ended_on" in command.model_fields_set else None
    day = _past(work, given, "/ended_on")
    if contract.signed_on and day < contract.signed_on:
        text = "It was not signed by then."
        raise InvalidInput(errors=[FieldError("/ended_on", "before_it_was_signed", text)])
    closed = {"closed_on": day, "closing_reason": command.reason}
    await _write(work, contract, {STATE: ContractState.ENDED, **closed})


async def void(work: Work, contract_id: UUID, command: VoidContract) -> None:
    """Say that a draft, or what was sent, will not be signed.

    Raises NotFound, Forbidden, ContractStateRefused.
    """
    contract = await _locked(work, contract_id)
    closed = {"closed_on": work.today(), "closing_reason": command.reason}
    await _write(work, contract, {STATE: ContractState.VOID, **closed})


async def _locked(work: Work, contract_id: UUID) -> Contract:
    return (await lock_visible(work, CONTRACT, [contract_id]))[contract_id]


async def _write(work: Work, contract: Contract, values: dict[str, Any]) -> None:
    await write(work, CONTRACT, [Change(contract, values)])


async def _present(at: Reading, contract: Contract) -> ContractTextView | None:
    if contract.contract_version is None:
        return None
    return await texts.text_of_version(at.sql, contract.id, contract.contract_version)


def _differing(present: ContractTextView, snapshot: Snapshot) -> list[str]:
    """What differs between what a text was made from, and what it would be made from now."""
    if present.template_id != snapshot.template.id:
        return ["template_id"]
    names = present.snapshot.keys() | snapshot.values.keys()
    return sorted(one for one in names if present.snapshot.get(one) != snapshot.values.get(one))


def _past(work: Work, given: date | None, pointer: str) -> date:
    """The day, today by default. Raises InvalidInput for one to come."""
    today = work.today()
    if given is not None and given > today:
        text = "What happened is not dated ahead."
        raise InvalidInput(errors=[FieldError(pointer, "day_to_come", text)])
    return given or today
