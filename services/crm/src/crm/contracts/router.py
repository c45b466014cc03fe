"""Paths of contracts and their templates."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import InvalidInput, MissingReference, NotFound
from crm.accounts.errors import AccountArchived
from crm.contracts.errors import (
    ContractArchived,
    ContractFixed,
    ContractIncomplete,
    ContractNotGenerated,
    ContractOutdated,
    ContractStateRefused,
    ContractTemplateFixed,
    ContractTemplateIncomplete,
    ContractTemplateInWork,
    ContractTemplateNotPublished,
    ContractTemplateStateRefused,
    ContractTemplateTaken,
    ContractTooLong,
)
from crm.contracts.schemas import (
    ChangeContract,
    ChangeContractTemplate,
    ContractLanguage,
    ContractTemplateView,
    ContractTextView,
    ContractView,
    EndContract,
    NewContract,
    NewContractTemplate,
    RenewContract,
    SignContract,
    UpsertContract,
    UpsertContractTemplate,
    VoidContract,
)
from crm.contracts.service import acts, templates
from crm.contracts.service.contracts import CONTRACT
from crm.contracts.service.printed import printing_of
from crm.contracts.service.templates import CONTRACT_TEMPLATE
from crm.pdf.errors import PdfNotInstalled, PdfNotMade
from crm.pdf.printing import PDF_REPLY, pdf_reply
from records.annotations import annotate
from records.routes import RecordRoutes
from records.sheets.kinds import USER, Reference

__all__ = ["contract_router", "contract_template_router"]

READ, WRITE = "contracts.read", "contracts.write"
TEMPLATES_READ, TEMPLATES_WRITE = "contract_templates.read", "contract_templates.write"
Seller = Annotated[Actor, Needs(WRITE)]
Reader = Annotated[Actor, Needs(READ)]
Author = Annotated[Actor, Needs(TEMPLATES_WRITE)]
Version = Annotated[
    int | None,
    Query(ge=1, le=32_767, description="Which version of the text; by default the present one."),
]

PdfLanguage = Annotated[
    ContractLanguage | None,
    Query(description="Of the words around the clauses; by default that of the template."),
]

contract_template_router = api_router(prefix="/v1/contract-templates", tag="contract-templates")
contract_template = RecordRoutes(
    contract_template_router,
    CONTRACT_TEMPLATE,
    one="contract template",
    many="contract templates",
    read=TEMPLATES_READ,
    write=TEMPLATES_WRITE,
    refuses=(ContractTemplateTaken, ContractTemplateFixed),
)
contract_template.list("Versions of contract templates; `sort` by created_at, updated_at or name.")
contract_template.create(NewContractTemplate, "Draw up a contract template: version 1, a draft.")
contract_template.upsert(UpsertContractTemplate)
contract_template.links()
contract_template.csv()
contract_template.get()
contract_template.history()
contract_template.change(ChangeContractTemplate)


@contract_template_router.post(
    "/{contract_template_id}/publish",
    responses=refuses(NotFound, ContractTemplateIncomplete, ContractTemplateStateRefused),
)
async def contract_template_publish(
    contract_template_id: UUID, _by: Author, _once: OnlyOnce, work: InWork, response: Response
) -> ContractTemplateView:
    """Let contracts be drawn up from the version; it stays as it is, and ends the one before."""
    await templates.publish(work, contract_template_id)
    return await contract_template.reply(response, work, contract_template_id)


@contract_template_router.post(
    "/{contract_template_id}/revise",
    status_code=201,
    responses=refuses(NotFound, ContractTemplateInWork),
)
async def contract_template_revise(
    contract_template_id: UUID, _by: Author, _once: OnlyOnce, work: InWork, response: Response
) -> ContractTemplateView:
    """Make the next version of a template, a draft with the same clauses."""
    new_id = await templates.revise(work, contract_template_id)
    return await contract_template.reply(response, work, new_id, new=True)


contract_template.archive("Draw up no more contracts from it.", "Use it again.")
contract_template.link()
contract_template.unlink()
annotate(contract_template.paths)

contract_router = api_router(prefix="/v1/contracts", tag="contracts")
contract = RecordRoutes(
    contract_router,
    CONTRACT,
    one="contract",
    many="contracts",
    read=READ,
    write=WRITE,
    refuses=(
        AccountArchived,
        ContractFixed,
        ContractTemplateNotPublished,
        MissingReference,
    ),
)
contract.list(
    "Contracts, the newest first; `sort` by created_at, updated_at, name, number, ends_on or "
    "renewal_on."
)
contract.create(NewContract, "Draw up a contract: a draft without a text.")
contract.upsert(UpsertContract)
contract.links()
contract.csv(
    references={
        "template_id": Reference("contract_template"),
        "account_id": Reference("account"),
        "contact_id": Reference("contact"),
        "opportunity_id": Reference("opportunity"),
        "quote_id": Reference("quote"),
        "owner_id": USER,
        "team_id": Reference("team", codes=("name",)),
    }
)
contract.get()
contract.history()
contract.change(ChangeContract)


@contract_router.get("/{contract_id}/text", responses=refuses(NotFound, ContractNotGenerated))
async def contract_text_get(
    contract_id: UUID, _by: Reader, at: InReading, contract_version: Version = None
) -> ContractTextView:
    """The text of a contract, and what it was generated from."""
    return await acts.contract_text(at, contract_id, contract_version)


@contract_router.get(
    "/{contract_id}/pdf",
    response_class=Response,
    responses=refuses(NotFound, ContractNotGenerated, PdfNotInstalled, PdfNotMade) | PDF_REPLY,
)
async def contract_pdf_get(
    contract_id: UUID,
    by: Reader,
    request: Request,
    contract_version: Version = None,
    language: PdfLanguage = None,
) -> Response:
    """The contract as a PDF; the same version and language give the same bytes."""
    read = printing_of(contract_id, contract_version, language)
    return await pdf_reply(request, by, read)


@contract_router.post(
    "/{contract_id}/generate",
    responses=refuses(
        NotFound, ContractArchived, ContractFixed, ContractIncomplete, ContractTooLong
    ),
)
async def contract_generate(
    contract_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> ContractView:
    """Make its text: the same as before where nothing changed, else the next version."""
    await acts.generate(work, contract_id)
    return await contract.reply(response, work, contract_id)


@contract_router.post(
    "/{contract_id}/send",
    responses=refuses(
        NotFound,
        AccountArchived,
        ContractArchived,
        ContractIncomplete,
        ContractNotGenerated,
        ContractOutdated,
        ContractStateRefused,
    ),
)
async def contract_send(
    contract_id: UUID, _by: Seller, _once: OnlyOnce, work: InWork, response: Response
) -> ContractView:
    """Say that it goes to the customer now; it is not changed any more. Nothing is sent by it."""
    await acts.send(work, contract_id)
    return await contract.reply(response, work, contract_id)


@contract_router.post(
    "/{contract_id}/sign", responses=refuses(NotFound, ContractStateRefused, InvalidInput)
)
async def contract_sign(
    contract_id: UUID,
    command: SignContract,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ContractView:
    """Enter that the customer signed it."""
    await acts.sign(work, contract_id, command)
    return await contract.reply(response, work, contract_id)


@contract_router.post(
    "/{contract_id}/renew", responses=refuses(NotFound, ContractStateRefused, InvalidInput)
)
async def contract_renew(
    contract_id: UUID,
    command: RenewContract,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ContractView:
    """Let a signed contract go on, to its next renewal."""
    await acts.renew(work, contract_id, command)
    return await contract.reply(response, work, contract_id)


@contract_router.post(
    "/{contract_id}/end", responses=refuses(NotFound, ContractStateRefused, InvalidInput)
)
async def contract_end(
    contract_id: UUID,
    command: EndContract,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ContractView:
    """Say that a signed contract holds no more."""
    await acts.end(work, contract_id, command)
    return await contract.reply(response, work, contract_id)


@contract_router.post("/{contract_id}/void", responses=refuses(NotFound, ContractStateRefused))
async def contract_void(
    contract_id: UUID,
    command: VoidContract,
    _by: Seller,
    _once: OnlyOnce,
    work: InWork,
    response: Response,
) -> ContractView:
    """Say that it will not be signed."""
    await acts.void(work, contract_id, command)
    return await contract.reply(response, work, contract_id)


contract.archive("Take it out of the way; it stays as it is.", "Work with it again.")
contract.link()
contract.unlink()
annotate(contract.paths)
