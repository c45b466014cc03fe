"""Activities, what they are found by, and the records that they are about.

Revision ID: 0620
Revises: 0612
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions

revision = "0620"
down_revision = "0612"

SEARCHED = (
    "activity",
    "name, sort_key, text, location",
    "search_name(new.name, new.sort_key) || ' ' || left(new.text, 1000) || ' ' || new.location",
)
DUE = "coalesce(due_at, due_on::timestamp at time zone 'UTC', starts_at, 'infinity'::timestamptz)"
OPEN = "where state = 'open'"
INDEXES = (
    *(f"{one} on activity ({one}, id)" for one in ("created_at", "updated_at", "sort_key")),
    *(
        f"{one}_created_at on activity ({one}, created_at, id)"
        for one in ("state", "kind", "owner_id", "team_id")
    ),
    f"due on activity ({DUE}, id)",
    "timeline_at on activity (timeline_at, id)",
    "record on activity (record_type, record_id, timeline_at, id)",
    *(
        f"open_{one} on activity (owner_id, {one}, id) {OPEN}"
        for one in ("due_on", "due_at", "starts_at")
    ),
    "open_begin on activity (starts_at, id) where state = 'open' and starts_at is not null",
    "user_ids on activity using gin (user_ids)",
    "remind_at on activity (remind_at, id) where state = 'open' and reminded_at is null",
    "custom on activity using gin (custom jsonb_path_ops) where custom <> '{}'",
    "record_activity_id on activity_record (activity_id)",
)
TABLES = (
    """create table activity (
      id uuid not null,
      version integer not null,
      unedited_versions integer not null default 0,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      name text not null,
      sort_key text collate "C" not null,
      kind text not null,
      state text not null,
      text text not null,
      record_type text,
      record_id uuid,
      related jsonb not null default '[]',
      contact_ids uuid[] not null default '{}',
      user_ids uuid[] not null default '{}',
      owner_id uuid,
      team_id uuid,
      starts_at timestamptz,
      ends_at timestamptz,
      due_on date,
      due_at timestamptz,
      remind_at timestamptz,
      reminded_at timestamptz,
      priority text not null,
      direction text,
      done_at timestamptz,
      outcome text not null,
      location text not null,
      channel text not null,
      system_generated boolean not null,
      bulk boolean not null,
      erased_at timestamptz,
      custom jsonb not null default '{}',
      timeline_at timestamptz not null
        generated always as (coalesce(starts_at, done_at, created_at)) stored,
      constraint pk_activity primary key (id),
      constraint fk_activity_owner_id_staff_member
        foreign key (owner_id) references staff_member (id),
      constraint fk_activity_team_id_team foreign key (team_id) references team (id),
      constraint ck_activity_custom_object check (jsonb_typeof(custom) = 'object'),
      constraint ck_activity_unedited_versions_range check (
        unedited_versions >= 0 and unedited_versions < version),
      constraint ck_activity_name_given check (name <> ''),
      constraint ck_activity_kind_known check (kind in ('call', 'meeting', 'email', 'task')),
      constraint ck_activity_state_known check (state in ('open', 'done', 'cancelled')),
      constraint ck_activity_priority_known check (priority in ('low', 'normal', 'high')),
      constraint ck_activity_direction_known check (direction in ('inbound', 'outbound')),
      constraint ck_activity_done_has_time check ((state = 'done') = (done_at is not null)),
      constraint ck_activity_record_whole check ((record_type is null) = (record_id is null)),
      constraint ck_activity_record_type_word check (record_type ~ '^[a-z][a-z_]{0,62}$'),
      constraint ck_activity_times_of_kind check (
        case kind when 'meeting' then starts_at is not null and ends_at is not null
        when 'email' then starts_at is not null and ends_at is null
        when 'task' then starts_at is null and ends_at is null else true end),
      constraint ck_activity_starts_before_it_ends check (
        ends_at is null or (starts_at is not null and starts_at <= ends_at)),
      constraint ck_activity_due_of_kind check (
        (due_on is null and due_at is null) or kind in ('call', 'task')),
      constraint ck_activity_due_once check (due_on is null or due_at is null),
      constraint ck_activity_direction_of_kind check (
        (direction is not null) = (kind in ('call', 'email'))),
      constraint ck_activity_remind_of_kind check (remind_at is null or kind <> 'email'),
      constraint ck_activity_reminded_of_reminder check (
        reminded_at is null or remind_at is not null),
      constraint ck_activity_related_list check (jsonb_typeof(related) = 'array'),
      constraint ck_activity_erased_is_empty check (
        erased_at is null or (name = '[erased]' and text = '' and outcome = ''
          and location = ''))
    )""",
    """create table activity_record (
      record_type text not null,
      record_id uuid not null,
      activity_id uuid not null,
      constraint pk_activity_record primary key (record_type, record_id, activity_id),
      constraint fk_activity_record_activity_id_activity
        foreign key (activity_id) references activity (id) on delete cascade
    )""",
    """create table activity_search (
      activity_id uuid not null,
      search text not null,
      constraint pk_activity_search primary key (activity_id),
      constraint fk_activity_search_activity_id_activity
        foreign key (activity_id) references activity (id) on delete cascade
    )""",
    "create index ix_activity_search_search on activity_search using gin (search_grams(search))",
)
NAMED = "record_type, record_id, related, contact_ids, user_ids"
KEPT_RECORDS = (
    """create function keep_activity_records() returns trigger language plpgsql as $$
    begin
      if tg_op = 'UPDATE' then
        delete from activity_record where activity_id = new.id;
      end if;
      insert into activity_record (record_type, record_id, activity_id)
        select new.record_type, new.record_id, new.id where new.record_id is not null
        union select one->>'record_type', (one->>'record_id')::uuid, new.id
          from jsonb_array_elements(new.related) one
        union select 'contact', one, new.id from unnest(new.contact_ids) one
        union select 'user', one, new.id from unnest(new.user_ids) one;
      return null;
    end $$""",
    """create trigger keep_activity_records after insert on activity
      for each row execute function keep_activity_records()""",
    f"""create trigger keep_activity_records_changed after update of {NAMED} on activity
      for each row when (({", ".join(f"old.{one}" for one in NAMED.split(", "))})
        is distinct from ({", ".join(f"new.{one}" for one in NAMED.split(", "))}))
      execute function keep_activity_records()""",
)


def upgrade() -> None:
    """Create the tables, their indexes and triggers."""
    for statement in TABLES:
        op.execute(statement)
    for index in INDEXES:
        op.execute(f"create index ix_activity_{index}")
    for statement in (*search_functions.kept_beside(*SEARCHED), *KEPT_RECORDS):
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop the tables, and the functions of their triggers."""
    op.execute("drop table activity_record, activity_search, activity")
    op.execute("drop function keep_activity_search()")
    op.execute("drop function keep_activity_records()")
