"""Calendars, and what they are found by.

Revision ID: 0630
Revises: 0620
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions
from records.custom.tables import add_values

revision = "0630"
down_revision = "0620"

INDEXES = {
    "created_at": "created_at, id",
    "updated_at": "updated_at, id",
    "sort_key": "sort_key, id",
    "status_created_at": "status, created_at, id",
}
SEARCHED = ("calendar", "name, sort_key", "search_name(new.name, new.sort_key)")


def upgrade() -> None:
    """Create the table, its indexes, and the table of texts with its triggers."""
    op.execute(
        """create table calendar (
          id uuid not null,
          version integer not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          name text not null,
          sort_key text collate "C" not null,
          note text not null,
          zone text not null,
          country text not null,
          region text not null,
          hours jsonb not null,
          exceptions jsonb not null,
          status text not null,
          constraint pk_calendar primary key (id),
          constraint ck_calendar_name_given check (name <> ''),
          constraint ck_calendar_hours_given
            check (jsonb_typeof(hours) = 'array' and jsonb_array_length(hours) > 0),
          constraint ck_calendar_exceptions_listed check (jsonb_typeof(exceptions) = 'array'),
          constraint ck_calendar_zone_given check (zone <> ''),
          constraint ck_calendar_region_of_country check (region = '' or country <> ''),
          constraint ck_calendar_status_known check (status in ('active', 'archived'))
        )"""
    )
    for name, columns in INDEXES.items():
        op.execute(f"create index ix_calendar_{name} on calendar ({columns})")
    op.execute(
        """create table calendar_search (
          calendar_id uuid not null,
          search text not null,
          constraint pk_calendar_search primary key (calendar_id),
          constraint fk_calendar_search_calendar_id_calendar
            foreign key (calendar_id) references calendar (id)
            on delete cascade
        )"""
    )
    op.execute(
        "create index ix_calendar_search_search on calendar_search using gin (search_grams(search))"
    )
    for statement in (*search_functions.kept_beside(*SEARCHED), *add_values("calendar")):
        op.execute(statement)
    op.execute("alter table staff_member add column calendar_id uuid, add column capacity integer")
    op.execute(
        """alter table staff_member
          add constraint fk_staff_member_calendar_id_calendar
            foreign key (calendar_id) references calendar (id),
          add constraint ck_staff_member_capacity_not_negative check (capacity >= 0)"""
    )
    op.execute("create index ix_staff_member_calendar_id on staff_member (calendar_id)")
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop both tables, and the function of their triggers."""
    op.execute("alter table staff_member drop column calendar_id, drop column capacity")
    op.execute("drop table calendar_search, calendar")
    op.execute("drop function keep_calendar_search()")
