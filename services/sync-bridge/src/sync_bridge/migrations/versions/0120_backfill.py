"""Present states of records may come in beside events, and how far they were read.

Revision ID: 0120
Revises: 0003
"""

from alembic import op

revision = "0120"
down_revision = "0003"

BACKFILL = """create table backfill (
  half text not null,
  type text not null,
  place smallint not null,
  reason text not null,
  after uuid,
  read bigint not null default 0,
  low bigint,
  begun_at timestamptz not null,
  finished_at timestamptz,
  constraint pk_backfill primary key (half, type),
  constraint ck_backfill_half_known check (half in ('crm', 'erp'))
)"""


def upgrade() -> None:
    """Mark states in the inbox; a constant default rewrites no row."""
    op.execute("set lock_timeout = '5s'")
    op.execute("alter table inbox add column is_state boolean not null default false")
    op.execute(BACKFILL)


def downgrade() -> None:
    """Know events only."""
    op.execute("drop table backfill")
    op.execute("alter table inbox drop column is_state")
