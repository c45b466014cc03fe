"""Leads over HTTP, taken down and converted, against the same rows written bare."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import asyncpg
from sqlalchemy import make_url

from bench.acts import Act, At, measure
from bench.figures import Asked, Bench, Figure
from bench.place import Place
from bench.same_rows import EVENTS, Touched, Written
from bench.wire import TOKEN
from chassis.storage.bootstrap import DatabaseUrls
from chassis.storage.connections import SESSION
from crm.app import SERVICE as CRM

__all__ = ["BENCH"]

LEAD = {
    "name": f"Zhao {TOKEN}",
    "company": f"Hotel {TOKEN}",
    "title": "Head of purchasing",
    "email": f"zhao.{TOKEN}@hotel.example",
    "address": {"city": "Ningbo", "country": "CN"},
    "source": "web",
    "campaign": "spring",
}
CAPTURE = Act(
    "take down a lead",
    "/v1/leads",
    LEAD,
    (
        Written("lead", "id = $1"),
        Written("lead_touch", "lead_id = $1"),
        Written("record_change", "record_id = $1"),
        *EVENTS,
    ),
    ratio_min=0.5,
)
_OF_LEAD = "(select {} from lead where id = $1)"
_MADE = f"in ({_OF_LEAD.format('account_id')}, {_OF_LEAD.format('contact_id')}, $1)"
_LEADS = """insert into lead (id, version, created_at, updated_at, name, sort_key, company, title,
    email, email_key, phone_raw, phone_e164, phone_digits, address, language, note, status, source,
    campaign, consent_email, consent_phone, match_email, match_name)
  select gen_random_uuid(), 1, now(), now(), 'Zhao ' || n, 'zhao ' || n, 'Hotel ' || n, '',
    n || '@a.example', n || '@a.example', '', '', '', '{}', '', '', 'qualified', '', '', 'unknown',
    'unknown', n || '@a.example', n
  from (select md5(random()::text || s) as n from generate_series(1, $1::integer) s) of_each
  returning id"""


def _convert(records: Callable[[int], list[str]]) -> Act:
    return Act(
        "convert a lead to account, contact and opportunity",
        f"/v1/leads/{TOKEN}/convert",
        {},
        (
            Written("account", f"id = {_OF_LEAD.format('account_id')}"),
            Written("contact", f"id = {_OF_LEAD.format('contact_id')}"),
            Written("opportunity", f"id = {_OF_LEAD.format('opportunity_id')}"),
            Written("opportunity_contact", f"opportunity_id = {_OF_LEAD.format('opportunity_id')}"),
            Written(
                "opportunity_stage_change", f"opportunity_id = {_OF_LEAD.format('opportunity_id')}"
            ),
            Written("record_change", f"record_id {_MADE}"),
            *EVENTS,
        ),
        touched=(
            Touched(
                "lead",
                "id = any($1::uuid[])",
                "version = version + 1, status = 'converted', converted_at = now(), account_id ="
                " (select id from account where id = any($1::uuid[])), contact_id ="
                " (select id from contact where id = any($1::uuid[])), opportunity_id ="
                " (select id from opportunity where id = any($1::uuid[]))",
                key="id",
            ),
        ),
        records=records,
        clients=(1, 16),
        ratio_min=0.2,
    )


def _leads(place: Place, database: DatabaseUrls) -> Callable[[int], list[str]]:
    """Makes so many leads, each of a firm and a person of its own."""
    admin = make_url(place.cluster.admin_url).set(database=make_url(database.owner).database)

    async def insert(number: int) -> list[UUID]:
        sql = await asyncpg.connect(
            admin.render_as_string(hide_password=False),
            server_settings=SESSION | {"search_path": "public"},
        )
        try:
            return [row["id"] for row in await sql.fetch(_LEADS, number)]
        finally:
            await sql.close()

    return lambda number: [str(one) for one in asyncio.run(insert(number))]


def run(place: Place, asked: Asked) -> list[Figure]:
    """Take down leads, then convert others."""
    database = place.database(CRM)
    with place.serving(CRM, database) as crm:
        at = At(crm, database)
        figures = measure(place, asked, CAPTURE, at)
        return figures + measure(place, asked, _convert(_leads(place, database)), at)


BENCH = Bench("leads", "Leads taken down and converted in the CRM over HTTP", run)
