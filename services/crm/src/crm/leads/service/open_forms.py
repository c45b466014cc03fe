"""What everybody may do with a public form: see it, send it, confirm a consent."""

import hashlib
from uuid import UUID

import orjson

from chassis.actor import Actor
from chassis.ids import uuid7
from chassis.problems.problem import FieldError
from chassis.problems.standard import InvalidInput, NotFound
from chassis.storage.reading import Reading
from chassis.work.unit_of_work import Work
from crm.consents import Consent, ConsentState
from crm.leads.errors import ConfirmationInvalid, FormExpired, FormSentTooFast, FormStampInvalid
from crm.leads.form_models import LeadForm
from crm.leads.forms import StampAge, age_of, stamped
from crm.leads.models import Lead
from crm.leads.queries import forms as queries
from crm.leads.queries.forms import Agreed, PostedForm
from crm.leads.schemas.forms import LeadFormInput, OpenFormView, SentForm, SubmitOpenForm
from crm.leads.schemas.leads import NewLead
from crm.leads.service.forms import token_hash
from crm.leads.service.leads import LEAD
from records.types import Change
from records.writes import create_all, given_values, lock_visible, write

__all__ = ["FORM", "confirm_consent", "open_form", "submit_form"]

FORM = Actor(kind="system", id="lead-form", name="lead form", scopes=frozenset({"leads.write"}))
"""Who takes leads down that come by a public form."""

_REFUSALS = {
    StampAge.FORGED: FormStampInvalid,
    StampAge.TOO_YOUNG: FormSentTooFast,
    StampAge.EXPIRED: FormExpired,
}
CHINESE = "zh"


async def open_form(at: Reading, code: str, language: str) -> OpenFormView:
    """The form as it is shown now. Raises NotFound."""
    form = await _form(at, code)
    return OpenFormView(
        code=form.code,
        title=_in(language, form.name, form.name_zh),
        inputs=[LeadFormInput.model_validate(one) for one in form.inputs],
        consent_text=_consent_text(form, language),
        consent_version=form.consent_version,
        stamp=stamped(form.stamp_key, at.now),
    )


async def submit_form(
    work: Work, code: str, command: SubmitOpenForm, *, language: str, source_address: str
) -> SentForm:
    """Take down the lead that somebody became; the same form sent twice makes one.

    A robot is answered as a person is, and makes none: it does not learn what gave it away. Raises
    NotFound, FormStampInvalid, FormSentTooFast, FormExpired, InvalidInput (a field is missing).
    """
    form = await _form(work, code)
    is_robot = command.website != ""
    if not is_robot:
        _require_sound(work, form, command)
    lead_id = None if is_robot else uuid7()
    outcome = "robot" if is_robot else "lead"
    posted = PostedForm(uuid7(), form.id, _digest(form, command), outcome, lead_id, work.now)
    is_new = await queries.claim_post(work.sql, posted)
    if lead_id and is_new:
        await _take_down(work, form, command, lead_id)
        if command.agreed and form.consent_text:
            await _agree(work, form, lead_id, language, source_address)
    return SentForm(confirmation_needed=form.confirmed and command.agreed)


async def confirm_consent(work: Work, token: str, *, source_address: str) -> None:
    """Let a consent count, as the person who has the token confirms it; once.

    Raises ConfirmationInvalid.
    """
    used = await queries.use_token(work.sql, token_hash(token), work.now)
    if used is None:
        raise ConfirmationInvalid
    lead_id, form_id, language = used
    form = await work.session.get_one(LeadForm, form_id)
    lead = (await lock_visible(work, LEAD, [lead_id]))[lead_id]
    if lead.erased_at is not None:
        raise ConfirmationInvalid
    await _grant(work, lead)
    said = _consent_text(form, language), form.consent_version
    agreed = Agreed(uuid7(), lead_id, form_id, *said, "confirmation", source_address, work.now)
    await queries.keep_consent(work.sql, agreed)


async def _form(at: Reading, code: str) -> LeadForm:
    form = await queries.form_with_code(at, code)
    if form is None:
        raise NotFound(entity="lead_form", id=code)
    return form


def _in(language: str, english: str, chinese: str) -> str:
    return chinese if chinese and language.startswith(CHINESE) else english


def _consent_text(form: LeadForm, language: str) -> str:
    return _in(language, form.consent_text, form.consent_text_zh)


def _require_sound(work: Work, form: LeadForm, command: SubmitOpenForm) -> None:
    age = age_of(form.stamp_key, command.stamp, work.now, at_least_seconds=form.min_seconds)
    if age in _REFUSALS:
        raise _REFUSALS[age]
    missing = [
        FieldError(f"/{one['input']}", "missing", "Needed: fill in this field.")
        for one in form.inputs
        if one["required"] and not getattr(command, one["input"])
    ]
    if missing:
        raise InvalidInput(errors=missing)


def _digest(form: LeadForm, command: SubmitOpenForm) -> bytes:
    said = orjson.dumps(command.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(form.id.bytes + said).digest()


async def _take_down(work: Work, form: LeadForm, command: SubmitOpenForm, lead_id: UUID) -> None:
    """Only what the form asks for is taken."""
    asked = {str(one["input"]): getattr(command, one["input"]) for one in form.inputs}
    said = {"source": form.source, "campaign": form.campaign, "medium": "form"}
    new = NewLead.model_validate(asked | said | {"referrer": form.code})
    await create_all(work, LEAD, [(lead_id, given_values(new))])


async def _agree(
    work: Work, form: LeadForm, lead_id: UUID, language: str, source_address: str
) -> None:
    """Keep the consent; where it is to be confirmed, it counts from then on."""
    if form.confirmed:
        await queries.await_confirmation(work.sql, lead_id, form.id, language)
        return
    await _grant(work, (await lock_visible(work, LEAD, [lead_id]))[lead_id])
    said = _consent_text(form, language), form.consent_version
    agreed = Agreed(uuid7(), lead_id, form.id, *said, "form", source_address, work.now)
    await queries.keep_consent(work.sql, agreed)


async def _grant(work: Work, lead: Lead) -> None:
    granted = Consent(email=ConsentState.GRANTED, phone=lead.consent.phone)
    await write(work, LEAD, [Change(lead, {"consent": granted})])
