"""What is put across of a record whose twin is being made, kept until both halves know the link.

Revision ID: 0110
Revises: 0140
"""

from alembic import op

revision = "0110"
down_revision = "0140"


def upgrade() -> None:
    """Create the table."""
    op.execute(
        """create table creation (
          entity text not null,
          half text not null,
          id uuid not null,
          event_id uuid not null,
          version bigint not null,
          body jsonb not null,
          created_at timestamptz not null default now(),
          constraint pk_creation primary key (entity, half, id)
        )"""
    )
    op.execute("create index ix_creation_event_id on creation (event_id)")


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table creation")
