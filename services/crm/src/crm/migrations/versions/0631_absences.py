"""Absences, and what they are found by.

Revision ID: 0631
Revises: 0630
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions
from records.custom.tables import add_values

revision = "0631"
down_revision = "0630"

INDEXES = {
    "created_at": "created_at, id",
    "updated_at": "updated_at, id",
    "sort_key": "sort_key, id",
    "user_id_created_at": "user_id, created_at, id",
    "status_created_at": "status, created_at, id",
}
SEARCHED = ("absence", "name, sort_key", "search_name(new.name, new.sort_key)")


def upgrade() -> None:
    """Create the table, its indexes, and the table of texts with its triggers."""
    op.execute(
        """create table absence (
          id uuid not null,
          version integer not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          name text not null,
          sort_key text collate "C" not null,
          note text not null,
          user_id uuid not null,
          starts_at timestamptz not null,
          ends_at timestamptz not null,
          status text not null,
          constraint pk_absence primary key (id),
          constraint ck_absence_name_given check (name <> ''),
          constraint fk_absence_user_id_staff_member
            foreign key (user_id) references staff_member (id),
          constraint ck_absence_ends_later check (starts_at < ends_at),
          constraint ex_absence_once exclude using gist
            (user_id with =, tstzrange(starts_at, ends_at) with &&) where (status = 'active'),
          constraint ck_absence_status_known check (status in ('active', 'archived'))
        )"""
    )
    for name, columns in INDEXES.items():
        op.execute(f"create index ix_absence_{name} on absence ({columns})")
    op.execute(
        """create table absence_search (
          absence_id uuid not null,
          search text not null,
          constraint pk_absence_search primary key (absence_id),
          constraint fk_absence_search_absence_id_absence
            foreign key (absence_id) references absence (id)
            on delete cascade
        )"""
    )
    op.execute(
        "create index ix_absence_search_search on absence_search using gin (search_grams(search))"
    )
    for statement in (*search_functions.kept_beside(*SEARCHED), *add_values("absence")):
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop both tables, and the function of their triggers."""
    op.execute("drop table absence_search, absence")
    op.execute("drop function keep_absence_search()")
