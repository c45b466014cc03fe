"""Public forms: what is particular about keeping them, and tokens that confirm consents."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from chassis.storage.paging import Page, PageQuery
from chassis.storage.reading import Reading
from chassis.work.locking import advisory_lock
from chassis.work.unit_of_work import Work
from crm.leads.errors import ConsentIncomplete, LeadFormTaken, NothingToConfirm
from crm.leads.form_models import LeadForm
from crm.leads.queries import forms as queries
from crm.leads.schemas.forms import IssuedConfirmation, LeadConsentView, LeadFormView
from crm.leads.service.leads import LEAD
from records.entities import Values
from records.types import Change, RecordType
from records.writes import lock_visible

__all__ = ["CONFIRMATION_PATH", "LEAD_FORM", "issue_confirmation", "lead_consents", "token_hash"]

CONFIRMATION_PATH = "/forms/confirmations/?token="
TOKEN_BYTES = 16
VALID_DAYS = 7


async def issue_confirmation(work: Work, lead_id: UUID) -> IssuedConfirmation:
    """A token to be sent to the lead, by which its consent is confirmed; earlier ones end.

    Only its hash is kept. Raises NotFound, Forbidden, NothingToConfirm.
    """
    await lock_visible(work, LEAD, [lead_id])
    token, expires_at = secrets.token_urlsafe(TOKEN_BYTES), work.now + timedelta(days=VALID_DAYS)
    if not await queries.give_token(work.sql, lead_id, token_hash(token), expires_at):
        raise NothingToConfirm(lead=lead_id)
    return IssuedConfirmation(token=token, path=CONFIRMATION_PATH, expires_at=expires_at)


def token_hash(token: str) -> bytes:
    """What is kept of a token: it has 128 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


async def lead_consents(at: Reading, lead_id: UUID, asked: PageQuery) -> Page[LeadConsentView]:
    """What a lead agreed to, the last first. Raises NotFound."""
    await LEAD.reads.get(at, lead_id)
    return await queries.consents_of(at.sql, lead_id, asked)


async def _prepare(_work: Work, change: Change[LeadForm], _sender: str | None) -> Values:
    values = dict(change.values)
    if "inputs" in values:
        values["inputs"] = [
            one if isinstance(one, dict) else one.model_dump(mode="json")
            for one in values["inputs"]
        ]
    return values


async def _check(work: Work, changes: Sequence[Change[LeadForm]], _sender: str | None) -> None:
    """Raises LeadFormTaken, ConsentIncomplete."""
    for form in (one.record for one in changes):
        has_text, has_version = bool(form.consent_text), bool(form.consent_version)
        if has_text != has_version or (form.confirmed and not has_text):
            raise ConsentIncomplete
    new = [one.record for one in changes if one.is_new]
    if not new:
        return
    await advisory_lock(work, "lead_form_code")
    taken = await queries.forms_with_codes(work.sql, [one.code for one in new])
    for one in new:
        existing_id = taken.setdefault(one.code, one.id)
        if existing_id != one.id:
            raise LeadFormTaken(form=one.code, existing_id=existing_id)


LEAD_FORM: RecordType[LeadForm, LeadFormView] = RecordType(
    name="lead_form",
    entity=LeadForm,
    reads=queries.LEAD_FORMS,
    required=("code", "name", "inputs"),
    prepare=_prepare,
    check=_check,
)
"""How forms are kept. Raises LeadFormTaken, ConsentIncomplete."""
