"""Teams and staff members.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create both tables."""
    op.execute(
        """create table team (
          id uuid not null,
          version integer not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          name text not null,
          sort_key text collate "C" not null,
          description text not null,
          active boolean not null,
          constraint pk_team primary key (id),
          constraint ck_team_name_given check (name <> '')
        )"""
    )
    op.execute("create unique index uq_team_name on team (lower(name))")
    op.execute("create index ix_team_sort_key on team (sort_key, id)")
    op.execute(
        """create table staff_member (
          id uuid not null,
          email text not null,
          team_id uuid,
          constraint pk_staff_member primary key (id),
          constraint fk_staff_member_id_local_user foreign key (id) references local_user (id),
          constraint fk_staff_member_team_id_team foreign key (team_id) references team (id)
        )"""
    )
    op.execute("create index ix_staff_member_team_id on staff_member (team_id)")


def downgrade() -> None:
    """Drop both tables."""
    op.execute("drop table staff_member, team")
