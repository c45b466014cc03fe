"""Named reads of contract templates."""

from collections.abc import Collection, Sequence
from uuid import UUID

from chassis.storage.paging import Filter
from chassis.storage.reading import Reading
from crm import searched
from crm.contracts.models import ContractTemplate
from crm.contracts.schemas import ContractTemplateQuery, ContractTemplateView
from crm.sql import Sql
from records.filters import among
from records.reads import Reads, columns_of, everybody, record_filters, sorts_of

__all__ = ["CONTRACT_TEMPLATES", "holders_of_codes", "versions_beside"]


def _filters(_at: Reading, query: ContractTemplateQuery) -> Sequence[Filter]:
    return [
        *record_filters("contract_template", query),
        Filter("contract_template.code = {}", query.code),
        Filter("contract_template.language = {}", query.language),
        among("contract_template.state", query.state),
    ]


CONTRACT_TEMPLATES = Reads(
    name="contract_template",
    view=ContractTemplateView,
    columns=columns_of(ContractTemplateView, ContractTemplate.__table__),
    source="contract_template",
    visible=everybody,
    query=ContractTemplateQuery,
    filters=_filters,
    searched=searched.CONTRACT_TEMPLATES,
    title="contract_template.name",
    subtitle="contract_template.code",
    sorts=sorts_of("contract_template"),
    key="contract_template.id",
)


async def holders_of_codes(sql: Sql, codes: Collection[str]) -> dict[str, UUID]:
    """The first versions of the templates that have these codes, by code."""
    rows = await sql.fetch(
        "select code, id from contract_template where code = any($1::text[])"
        " order by template_version desc",
        list(codes),
    )
    return {row["code"]: row["id"] for row in rows}


async def versions_beside(sql: Sql, template_id: UUID) -> list[UUID]:
    """All versions of the template that this one is a version of, itself among them, by id."""
    rows = await sql.fetch(
        "select id from contract_template"
        " where code = (select code from contract_template where id = $1) order by id",
        template_id,
    )
    return [row["id"] for row in rows]
