"""Leads, their touches, the reasons why they are given up, and what they are found by.

Revision ID: 0610
Revises: 0601
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions
from records.custom.tables import add_values

revision = "0610"
down_revision = "0601"

INDEXES = {
    "created_at": "(created_at, id)",
    "updated_at": "(updated_at, id)",
    "sort_key": "(sort_key, id)",
    "status_created_at": "(status, created_at, id)",
    "owner_id_created_at": "(owner_id, created_at, id)",
    "team_id_created_at": "(team_id, created_at, id)",
    "source_created_at": "(source, created_at, id)",
    "campaign_created_at": "(campaign, created_at, id)",
    "reason": "(reason) where reason is not null",
    "email_key": "(email_key) where email_key <> ''",
    "phone_tail": "(right(phone_digits, 8)) where phone_digits <> ''",
    "match_email": "(match_email, id) where match_email <> ''",
    "match_phone": "(right(match_phone, 8)) where match_phone <> ''",
    "match_name": "(match_name, id) where match_name <> ''",
}
REASON_INDEXES = ("created_at, id", "updated_at, id", "sort_key, id", "status, created_at, id")
SEARCHED = (
    "lead",
    "name, sort_key, company, email, phone_raw, phone_digits, title",
    (
        "search_name(new.name, new.sort_key) || ' ' || new.company || ' ' || new.email"
        " || ' ' || new.phone_raw || ' ' || new.phone_digits || ' ' || new.title"
    ),
)
TABLES = (
    """create table lead_reason (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      code text not null,
      name text not null,
      sort_key text collate "C" not null,
      status text not null,
      constraint pk_lead_reason primary key (id),
      constraint uq_lead_reason_code unique (code),
      constraint ck_lead_reason_code_given check (code <> ''),
      constraint ck_lead_reason_name_given check (name <> ''),
      constraint ck_lead_reason_status_known check (status in ('active', 'archived'))
    )""",
    """create table lead (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      name text not null,
      sort_key text collate "C" not null,
      company text not null,
      title text not null,
      email text not null,
      email_key text not null,
      phone_raw text not null,
      phone_e164 text not null,
      phone_digits text not null,
      address jsonb not null,
      language text not null,
      note text not null,
      status text not null,
      reason text,
      owner_id uuid,
      team_id uuid,
      source text not null,
      campaign text not null,
      last_touch_at timestamptz,
      consent_email text not null,
      consent_phone text not null,
      match_email text default '' not null,
      match_phone text default '' not null,
      match_name text default '' not null,
      erased_at timestamptz,
      constraint pk_lead primary key (id),
      constraint fk_lead_owner_id_staff_member foreign key (owner_id) references staff_member (id),
      constraint fk_lead_team_id_team foreign key (team_id) references team (id),
      constraint fk_lead_reason_lead_reason foreign key (reason) references lead_reason (code),
      constraint ck_lead_name_given check (name <> ''),
      constraint ck_lead_status_known
        check (status in ('new', 'working', 'qualified', 'converted', 'disqualified')),
      constraint ck_lead_consent_email_known
        check (consent_email in ('unknown', 'granted', 'refused')),
      constraint ck_lead_consent_phone_known
        check (consent_phone in ('unknown', 'granted', 'refused')),
      constraint ck_lead_reason_of_disqualified
        check (reason is null or status = 'disqualified'),
      constraint ck_lead_disqualified_for_a_reason
        check (status <> 'disqualified' or reason is not null or erased_at is not null),
      constraint ck_lead_erased_is_empty check (erased_at is null
        or (name = '[erased]' and company = '' and title = '' and email = '' and phone_raw = ''
          and phone_e164 = '' and note = ''))
    )""",
    """create table lead_search (
      lead_id uuid not null,
      search text not null,
      constraint pk_lead_search primary key (lead_id),
      constraint fk_lead_search_lead_id_lead
        foreign key (lead_id) references lead (id)
        on delete cascade
    )""",
    "create index ix_lead_search_search on lead_search using gin (search_grams(search))",
    """create table lead_touch (
      id uuid not null,
      lead_id uuid not null,
      source text not null,
      campaign text not null,
      medium text not null,
      referrer text not null,
      touched_at timestamptz not null,
      is_first boolean not null,
      created_at timestamptz not null,
      emptied boolean default false not null,
      constraint pk_lead_touch primary key (id),
      constraint fk_lead_touch_lead_id_lead foreign key (lead_id) references lead (id),
      constraint ck_lead_touch_says_something check (
        source <> '' or campaign <> '' or medium <> '' or referrer <> '' or emptied)
    )""",
    "create unique index uq_lead_touch_first on lead_touch (lead_id) where is_first",
    "create index ix_lead_touch_lead_id_touched_at on lead_touch (lead_id, touched_at, id)",
)
TOUCHES_STAY = (
    """create function lead_touch_stays() returns trigger language plpgsql as $$ begin
      if tg_op = 'UPDATE' and new.referrer = '' and new.emptied
        and (new.id, new.lead_id, new.source, new.campaign, new.medium, new.touched_at,
          new.is_first, new.created_at) is not distinct from
          (old.id, old.lead_id, old.source, old.campaign, old.medium, old.touched_at,
          old.is_first, old.created_at) then
        return new;
      end if;
      raise exception 'touches of leads are never changed' using errcode = 'restrict_violation';
    end $$""",
    """create trigger lead_touch_stays before update or delete on lead_touch
      for each row execute function lead_touch_stays()""",
    """create trigger lead_touch_stays_whole before truncate on lead_touch
      for each statement execute function lead_touch_stays()""",
    """create function lead_source_stays() returns trigger language plpgsql as $$ begin
      if old.last_touch_at is not null
        and (new.source, new.campaign) is distinct from (old.source, old.campaign) then
        raise exception 'the first touch of a lead stays' using errcode = 'restrict_violation';
      end if;
      return new;
    end $$""",
    """create trigger lead_source_stays before update of source, campaign on lead
      for each row execute function lead_source_stays()""",
)
"""What the first touch said stays, whoever writes; only an erasure takes referrers out."""


def upgrade() -> None:
    """Create the tables, their indexes, the table of texts, and the triggers."""
    for statement in TABLES:
        op.execute(statement)
    for name, columns in INDEXES.items():
        op.execute(f"create index ix_lead_{name} on lead {columns}")
    for columns in REASON_INDEXES:
        name = columns.removesuffix(", id").replace(", ", "_")
        op.execute(f"create index ix_lead_reason_{name} on lead_reason ({columns})")
    for table in ("lead", "lead_reason"):
        for statement in add_values(table):
            op.execute(statement)
    for statement in (*search_functions.kept_beside(*SEARCHED), *TOUCHES_STAY):
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop the tables, and the functions of their triggers."""
    op.execute("drop table lead_search, lead_touch, lead, lead_reason")
    op.execute("drop function keep_lead_search(), lead_touch_stays(), lead_source_stays()")
