"""Paths of public forms: kept by those who may, seen and sent by everybody."""

from functools import partial
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from chassis.actor import Actor
from chassis.http.dependencies import InReading, InWork, Needs, OnlyOnce
from chassis.http.paging import PageAsked
from chassis.http.refusals import refuses
from chassis.http.routing import api_router
from chassis.problems.standard import NotFound
from chassis.storage.paging import Page
from chassis.work.settle import Reply
from chassis.work.unit_of_work import Work
from crm.leads import form_pages as pages
from crm.leads.errors import (
    ConfirmationInvalid,
    ConsentIncomplete,
    FormExpired,
    FormSentTooFast,
    FormStampInvalid,
    LeadFormTaken,
    NothingToConfirm,
)
from crm.leads.open_door import (
    InOpenReading,
    InOpenWork,
    Small,
    answered,
    language_of,
    shown,
    source_address,
)
from crm.leads.schemas.forms import (
    ChangeLeadForm,
    ConfirmOpenForm,
    IssuedConfirmation,
    LeadConsentView,
    NewLeadForm,
    OpenFormView,
    SentForm,
    SubmitOpenForm,
)
from crm.leads.service import forms, open_forms
from records.annotations import annotate
from records.redirects import RecordMerged
from records.routes import RecordRoutes

__all__ = ["form_page_router", "lead_consent_router", "lead_form_router", "open_form_router"]

READ, WRITE = "lead_settings.read", "lead_settings.write"
Reader = Annotated[Actor, Needs("leads.read")]
Writer = Annotated[Actor, Needs("leads.write")]

lead_form_router = api_router(prefix="/v1/lead-forms", tag="lead-forms")
lead_form = RecordRoutes(
    lead_form_router,
    forms.LEAD_FORM,
    one="lead form",
    many="lead forms",
    read=READ,
    write=WRITE,
    refuses=(LeadFormTaken, ConsentIncomplete),
)
lead_form.list("Public forms; `sort` by created_at, updated_at or name.")
lead_form.create(NewLeadForm, "Make a public form.")
lead_form.get()
lead_form.history()
lead_form.change(ChangeLeadForm)
lead_form.archive("Take no more leads by the form.", "Take leads by the form again.")
annotate(lead_form.paths)

lead_consent_router = api_router(prefix="/v1/leads", tag="lead-forms")


@lead_consent_router.get("/{lead_id}/consents", responses=refuses(NotFound))
async def lead_consent_list(
    lead_id: UUID, _by: Reader, asked: PageAsked, at: InReading
) -> Page[LeadConsentView]:
    """What the lead agreed to by forms, in which words, and how that is known."""
    return await forms.lead_consents(at, lead_id, asked)


@lead_consent_router.post(
    "/{lead_id}/confirmation", responses=refuses(NotFound, NothingToConfirm, RecordMerged)
)
async def lead_confirmation_issue(
    lead_id: UUID, _by: Writer, _once: OnlyOnce, work: InWork, request: Request
) -> IssuedConfirmation:
    """Make a token by which the lead confirms its consent, to be sent to it; earlier ones end."""
    return _shown_once(request, work, await forms.issue_confirmation(work, lead_id))


def _shown_once(request: Request, work: Work, issued: IssuedConfirmation) -> IssuedConfirmation:
    """The token as it is; what is kept for a repeat of the request has none."""
    _, key = request.state.claimed
    request.state.claimed = None
    work.reply = Reply(
        actor=work.actor.reference,
        key=key,
        status=200,
        body=issued.model_copy(update={"token": None}).model_dump_json().encode(),
        headers=orjson.dumps({"content-type": "application/json"}).decode(),
    )
    return issued


open_form_router = api_router(prefix="/v1/open-forms", tag="lead-forms")
_STAMPS = (FormStampInvalid, FormSentTooFast, FormExpired)


@open_form_router.post("/confirm", status_code=204, responses=refuses(ConfirmationInvalid))
async def open_form_confirm(
    command: ConfirmOpenForm, _small: Small, work: InOpenWork, request: Request
) -> Response:
    """Confirm a consent by the token that was sent; it counts once. Needs no key."""
    token = command.token.get_secret_value()
    await open_forms.confirm_consent(work, token, source_address=source_address(request))
    return Response(status_code=204)


@open_form_router.get("/{form_code}", responses=refuses(NotFound))
async def open_form_get(form_code: str, at: InOpenReading, request: Request) -> OpenFormView:
    """A form as everybody sees it, with the stamp that is sent back. Needs no key."""
    return await open_forms.open_form(at, form_code, language_of(request))


@open_form_router.post(
    "/{form_code}/submit", status_code=202, responses=refuses(NotFound, *_STAMPS)
)
async def open_form_submit(
    form_code: str, command: SubmitOpenForm, _small: Small, work: InOpenWork, request: Request
) -> SentForm:
    """Send a form. Needs no key; the same form sent twice makes one lead, a robot's makes none."""
    said = {"language": language_of(request), "source_address": source_address(request)}
    return await open_forms.submit_form(work, form_code, command, **said)


form_page_router = APIRouter(prefix="/forms", include_in_schema=False)


@form_page_router.get("/confirmations/")
async def confirmation_page(token: str, request: Request) -> HTMLResponse:
    """The page that asks whether a consent is confirmed. Nothing changes.

    The token is no part of the path: paths are logged.
    """
    return pages.confirmation_page(token, language_of(request))


@form_page_router.post("/confirmations/")
async def confirmation_sent(request: Request) -> HTMLResponse:
    """Confirm a consent by a page."""
    return await answered(request, ConfirmOpenForm, partial(_confirm, request))


@form_page_router.get("/{form_code}")
async def form_page(form_code: str, at: InOpenReading, request: Request) -> HTMLResponse:
    """The form as a page."""
    return await shown(request, open_forms.open_form(at, form_code, language_of(request)))


@form_page_router.post("/{form_code}")
async def form_sent(form_code: str, request: Request) -> HTMLResponse:
    """Send a form by a page."""
    return await answered(request, SubmitOpenForm, partial(_submit, request, form_code))


async def _confirm(request: Request, work: Work, command: ConfirmOpenForm) -> str:
    token = command.token.get_secret_value()
    await open_forms.confirm_consent(work, token, source_address=source_address(request))
    return "confirmed"


async def _submit(request: Request, form_code: str, work: Work, command: SubmitOpenForm) -> str:
    said = {"language": language_of(request), "source_address": source_address(request)}
    sent = await open_forms.submit_form(work, form_code, command, **said)
    return "confirm_text" if sent.confirmation_needed else "sent_text"
