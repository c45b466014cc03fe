"""Reads and writes of public forms, of what was sent by them, and of what was agreed to."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select

from chassis.storage.paging import Filter, Page, PageQuery, Sort, fetch_page
from chassis.storage.reading import Reading
from crm import searched
from crm.leads.form_models import LeadForm
from crm.leads.schemas.forms import LeadConsentView, LeadFormQuery, LeadFormView
from crm.sql import Sql
from records.reads import BY_NAME, Reads, columns_of, everybody, record_filters

__all__ = [
    "LEAD_FORMS",
    "Agreed",
    "PostedForm",
    "await_confirmation",
    "awaited",
    "claim_post",
    "consents_of",
    "delete_robot_posts",
    "empty_addresses",
    "form_with_code",
    "forms_with_codes",
    "give_token",
    "keep_consent",
    "use_token",
]

_COUNT = """(select count(*) from lead_form_post p
  where p.form_id = lead_form.id and p.outcome = '{}')"""
_CLAIM = """insert into lead_form_post (id, form_id, digest, outcome, lead_id, created_at)
  values ($1, $2, $3, $4, $5, $6) on conflict (digest) do nothing returning true"""
_CONSENT = """insert into lead_consent (id, lead_id, form_id, channel, state, text, text_version,
    proof, source_address, agreed_at)
  values ($1, $2, $3, 'email', 'granted', $4, $5, $6, $7, $8)"""
_CONSENTS = """id, form_id, channel, state, text, text_version, proof, source_address, agreed_at"""
_GIVE = """update lead_confirmation set token_hash = $2, expires_at = $3
  where lead_id = $1 and used_at is null returning true"""
_USE = """update lead_confirmation set used_at = $2, token_hash = null, expires_at = null
  where token_hash = $1 and expires_at > $2 and used_at is null
  returning lead_id, form_id, language"""
_EMPTY = """update lead_consent set source_address = '', emptied = true
  where lead_id = any($1::uuid[]) and source_address <> ''"""


def _filters(_at: Reading, query: LeadFormQuery) -> Sequence[Filter]:
    return record_filters("lead_form", query)


LEAD_FORMS = Reads(
    name="lead_form",
    view=LeadFormView,
    columns=columns_of(
        LeadFormView,
        LeadForm.__table__,
        leads=_COUNT.format("lead"),
        robots=_COUNT.format("robot"),
    ),
    source="lead_form",
    visible=everybody,
    query=LeadFormQuery,
    filters=_filters,
    searched=searched.LEAD_FORMS,
    sorts=BY_NAME,
)


class PostedForm(NamedTuple):
    """A form that was sent: the lead it became, none for a robot's."""

    id: UUID
    form_id: UUID
    digest: bytes
    outcome: str
    lead_id: UUID | None
    created_at: datetime


class Agreed(NamedTuple):
    """A consent to e-mail: in which words, how it is known, and from where it came."""

    id: UUID
    lead_id: UUID
    form_id: UUID
    text: str
    text_version: str
    proof: str
    source_address: str
    agreed_at: datetime


async def forms_with_codes(sql: Sql, codes: Sequence[str]) -> dict[str, UUID]:
    """The forms that have these codes, by code."""
    rows = await sql.fetch(
        "select code, id from lead_form where code = any($1::text[])", list(codes)
    )
    return {row["code"]: row["id"] for row in rows}


async def form_with_code(at: Reading, code: str) -> LeadForm | None:
    """The form in use that has the code."""
    wanted = select(LeadForm).where(LeadForm.code == code, LeadForm.status == "active")
    return (await at.session.execute(wanted)).scalar_one_or_none()


async def claim_post(sql: Sql, posted: PostedForm) -> bool:
    """Keep what was sent; False where the same was sent before."""
    return bool(await sql.fetchval(_CLAIM, *posted))


async def keep_consent(sql: Sql, agreed: Agreed) -> None:
    """Keep a consent for good."""
    await sql.execute(_CONSENT, *agreed)


async def consents_of(sql: Sql, lead_id: UUID, asked: PageQuery) -> Page[LeadConsentView]:
    """What a lead agreed to, the last first."""
    return await fetch_page(
        sql,
        asked=asked,
        columns=_CONSENTS,
        source="lead_consent",
        view=lambda row: LeadConsentView.model_validate(dict(row)),
        sorts={"agreed_at": Sort("agreed_at", "timestamptz")},
        default="-agreed_at",
        where=[Filter("lead_id = {}", lead_id)],
    )


async def await_confirmation(sql: Sql, lead_id: UUID, form_id: UUID, language: str) -> None:
    """Note that the lead's consent counts only when it is confirmed."""
    await sql.execute(
        "insert into lead_confirmation (lead_id, form_id, language) values ($1, $2, $3)",
        lead_id,
        form_id,
        language,
    )


async def awaited(sql: Sql, lead_id: UUID) -> bool:
    """Whether the lead has a consent to confirm."""
    found = "select true from lead_confirmation where lead_id = $1 and used_at is null"
    return bool(await sql.fetchval(found, lead_id))


async def give_token(sql: Sql, lead_id: UUID, token_hash: bytes, expires_at: datetime) -> bool:
    """Let a token confirm the lead's consent, in place of an earlier one; False: none waits."""
    return bool(await sql.fetchval(_GIVE, lead_id, token_hash, expires_at))


async def use_token(sql: Sql, token_hash: bytes, now: datetime) -> tuple[UUID, UUID, str] | None:
    """Use a token up: lead, form and language; None where there is none that is valid."""
    row = await sql.fetchrow(_USE, token_hash, now)
    return (row["lead_id"], row["form_id"], row["language"]) if row else None


async def empty_addresses(sql: Sql, lead_ids: Sequence[UUID]) -> int:
    """Take out from where the consents came; how many there were."""
    done: str = await sql.execute(_EMPTY, list(lead_ids))
    return int(done.rpartition(" ")[2])


async def delete_robot_posts(sql: Sql, before: datetime, limit: int) -> int:
    """Delete posts of robots from before then, the oldest first; how many."""
    rows = await sql.fetch(
        """delete from lead_form_post where id in (
             select id from lead_form_post where outcome = 'robot' and created_at < $1
               order by created_at limit $2 for update skip locked) returning id""",
        before,
        limit,
    )
    return len(rows)
