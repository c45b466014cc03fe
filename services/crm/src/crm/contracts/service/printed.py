"""A contract as its PDF shows it: a text that was generated, with places to sign."""

from collections.abc import Awaitable, Callable
from functools import partial
from uuid import UUID

from chassis.clock import business_day
from chassis.storage.reading import Reading
from crm.contracts.queries.templates import CONTRACT_TEMPLATES
from crm.contracts.rules.clauses import rendered
from crm.contracts.schemas import ContractLanguage
from crm.contracts.service.acts import contract_text
from crm.contracts.service.snapshots import NUMBER, TITLE, clauses_of
from crm.pdf.document import Fact, PdfDocument, Section

__all__ = ["printing_of"]

_WORDS = {
    "en": ("Contract", "Version", "For the supplier", "For the customer"),
    "zh-CN": ("合同编号", "版本", "供方", "客户方"),
}


def printing_of(
    contract_id: UUID, contract_version: int | None, language: ContractLanguage | None
) -> Callable[[Reading], Awaitable[PdfDocument]]:
    """What reads the text of a version, by default the present one, as it is printed."""
    return partial(
        _printed_contract,
        contract_id=contract_id,
        contract_version=contract_version,
        language=language,
    )


async def _printed_contract(
    at: Reading,
    contract_id: UUID,
    contract_version: int | None,
    language: ContractLanguage | None,
) -> PdfDocument:
    """The text of a version, by default the present one; words around it in the language.

    The clauses are in the language of the template. Raises NotFound, ContractNotGenerated.
    """
    found = await contract_text(at, contract_id, contract_version)
    template = await CONTRACT_TEMPLATES.get(at, found.template_id)
    shown = language or found.language
    number_word, version_word, supplier, customer = _WORDS[shown]
    number = found.snapshot[NUMBER]
    clauses = rendered(clauses_of(template), found.snapshot)
    return PdfDocument(
        filename=f"{number}-{found.contract_version}-{shown}",
        language=shown,
        title=found.snapshot[TITLE],
        foot=f"{number} · {version_word} {found.contract_version}",
        day=business_day(at.setting.zone, found.generated_at),
        facts=[Fact(number_word, number)],
        table=None,
        sections=[
            Section(f"{position}. {one.heading}".rstrip(), one.body)
            for position, one in enumerate(clauses, 1)
        ],
        signatures=[supplier, customer],
    )
