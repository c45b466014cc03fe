"""Contract templates: what is particular about writing them, publishing and revising."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock, lock_all, read_all
from chassis.work.unit_of_work import Work
from crm.contracts.errors import (
    ContractTemplateIncomplete,
    ContractTemplateInWork,
    ContractTemplateTaken,
)
from crm.contracts.events import ContractTemplateChanged
from crm.contracts.models import ContractTemplate
from crm.contracts.queries import templates as queries
from crm.contracts.rules.clauses import WrongClause, wrong_clauses
from crm.contracts.rules.variables import NUMBERS, VARIABLES
from crm.contracts.schemas import ContractTemplateView
from crm.contracts.states import TemplateState
from records.entities import Values
from records.types import Change, RecordType, changed_fields
from records.writes import create_all, write

__all__ = ["CONTRACT_TEMPLATE", "contract_template_states", "publish", "revise"]

STATE = "state"
"""The value of an act that says which state follows."""
_FREE = {"note", "status", "custom"}
"""What may be changed of a published version: no contract shows any of it."""
_REVISED = ("code", "name", "language", "clauses", "note", "custom")
_MESSAGES = {
    "unknown_variable": "Line {line}: there is no variable {shown}. There are: {known}.",
    "not_a_variable": "Line {line}: {shown} is no variable. Write a name, {{{{ account.name }}}}.",
    "value_missing": "Say with which value it is compared.",
    "value_unused": "This test compares with no value: leave it empty.",
    "not_an_amount": "{shown} prints no number. At least so much may be: {numbers}.",
    "not_a_number": "{shown} is no number, such as 100000.",
    "text_too_long": "All clauses together have more than 100,000 characters.",
}

Changes = Sequence[Change[ContractTemplate]]


async def contract_template_states(
    at: Reading, ids: Sequence[UUID]
) -> list[ContractTemplateChanged]:
    """What is published of versions of templates, as they are now."""
    return [
        ContractTemplateChanged.of(one, []) for one in await read_all(at, ContractTemplate, ids)
    ]


async def publish(work: Work, template_id: UUID) -> None:
    """Let contracts be drawn up from the version: from now on it stays as it is (C29).

    The version published before is superseded. Raises NotFound, ContractTemplateIncomplete,
    ContractTemplateStateRefused.
    """
    template, others = await _lock_versions(work, template_id)
    template.require_next(TemplateState.PUBLISHED)
    if not template.clauses:
        raise ContractTemplateIncomplete(template=template.code)
    former = [one for one in others if one.state == TemplateState.PUBLISHED]
    superseded = {STATE: TemplateState.SUPERSEDED}
    await write(work, CONTRACT_TEMPLATE, [Change(one, superseded) for one in former])
    published = {STATE: TemplateState.PUBLISHED, "published_at": work.now}
    await write(work, CONTRACT_TEMPLATE, [Change(template, published)])


async def revise(work: Work, template_id: UUID) -> UUID:
    """Make the next version of a template, a draft with the same clauses; its id.

    Until that is published, contracts are drawn up from the former one. Raises NotFound,
    ContractTemplateInWork.
    """
    template, others = await _lock_versions(work, template_id)
    versions = [template, *others]
    if any(one.state == TemplateState.DRAFT for one in versions):
        raise ContractTemplateInWork(template=template.code)
    values: dict[str, Any] = {name: getattr(template, name) for name in _REVISED}
    values |= {"template_version": max(one.template_version for one in versions) + 1}
    new_id = uuid7()
    await create_all(work, CONTRACT_TEMPLATE, [(new_id, values)])
    return new_id


async def _lock_versions(
    work: Work, template_id: UUID
) -> tuple[ContractTemplate, Sequence[ContractTemplate]]:
    """The version and the other ones, locked. Raises NotFound."""
    ids = await queries.versions_beside(work.sql, template_id)
    if not ids:
        raise NotFound(entity="contract_template", id=template_id)
    found: Mapping[UUID, ContractTemplate] = await lock_all(work, ContractTemplate, ids)
    # Who waited for the lock finds the version that the other act made.
    if (now := await queries.versions_beside(work.sql, template_id)) != ids:
        found = await lock_all(work, ContractTemplate, now)
    return found[template_id], [one for key, one in found.items() if key != template_id]


async def _defaults(_work: Work, count: int) -> Sequence[Values]:
    usual = {"state": TemplateState.DRAFT, "template_version": 1, "language": "zh-CN"}
    return [usual | {"clauses": [], "note": ""}] * count


async def _prepare(_work: Work, change: Change[ContractTemplate], _sender: str | None) -> Values:
    """The values with clauses as JSON keeps them.

    Raises ContractTemplateFixed, ContractTemplateStateRefused, InvalidInput (another code, a
    clause with mistakes, with the line where it stands).
    """
    values, template = dict(change.values), change.record
    if "clauses" in values:
        values["clauses"] = [_kept(one) for one in values["clauses"] or ()]
    if not change.is_new:
        if values.get("code", template.code) != template.code:
            text = "The code of a template stays as it is."
            raise InvalidInput(errors=[FieldError("/code", "not_changed", text)])
        _require_free(template, values)
    if "clauses" in values:
        wrong = wrong_clauses(values["clauses"])
        if wrong:
            raise InvalidInput(errors=[_error(one) for one in wrong])
    return values


def _require_free(template: ContractTemplate, values: Values) -> None:
    """Raises ContractTemplateFixed for what was published, but for the same again."""
    if STATE in values:
        template.require_next(values[STATE])
        return
    if any(
        name not in _FREE and value != getattr(template, name) for name, value in values.items()
    ):
        template.require_draft()


def _kept(clause: Any) -> dict[str, Any]:
    """As JSON keeps it: a clause without a condition says nothing of one."""
    if isinstance(clause, dict):
        return clause
    kept: dict[str, Any] = clause.model_dump(mode="json", exclude_none=True)
    return kept


def _error(wrong: WrongClause) -> FieldError:
    facts = {"line": str(wrong.line), "shown": wrong.shown, "known": ", ".join(VARIABLES)}
    facts["numbers"] = ", ".join(sorted(NUMBERS))
    pointer = f"/clauses/{wrong.index}/{wrong.field}"
    return FieldError(pointer, wrong.code, _MESSAGES[wrong.code], facts)


async def _check(work: Work, changes: Changes, _sender: str | None) -> None:
    """See to it that the code of a new template names no other. Raises ContractTemplateTaken."""
    new = [one.record for one in changes if one.is_new and one.record.template_version == 1]
    if not new:
        return
    await advisory_lock(work, *sorted({f"contract_template_code:{one.code}" for one in new}))
    taken = await queries.holders_of_codes(work.sql, {one.code for one in new})
    for one in new:
        existing_id = taken.setdefault(one.code, one.id)
        if existing_id != one.id:
            raise ContractTemplateTaken(template=one.code, existing_id=existing_id)


async def _publish(work: Work, changes: Changes) -> None:
    await work.record(
        *(
            ContractTemplateChanged.of(one.record, changed_fields(ContractTemplateChanged, one))
            for one in changes
        )
    )


CONTRACT_TEMPLATE: RecordType[ContractTemplate, ContractTemplateView] = RecordType(
    name="contract_template",
    entity=ContractTemplate,
    reads=queries.CONTRACT_TEMPLATES,
    required=("code", "name"),
    defaults=_defaults,
    prepare=_prepare,
    check=_check,
    publish=_publish,
)
"""How contract templates are kept."""
