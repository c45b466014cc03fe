"""Differences are levelled, through the ordinary lanes.

Revision ID: 0221
Revises: 0240
"""

from alembic import op

revision = "0221"
down_revision = "0240"


def upgrade() -> None:
    """Note what was asked for; a constant default rewrites no row."""
    op.execute("set lock_timeout = '5s'")
    op.execute(
        """create table levelled_state (
          event_id uuid not null, constraint pk_levelled_state primary key (event_id)
        )"""
    )
    op.execute(
        """alter table difference add column state text not null default 'open',
          add column outcome text not null default '',
          add constraint ck_difference_state_known
            check (state in ('open', 'asked', 'levelled', 'left')),
          add constraint ck_difference_left_says_why check ((state = 'left') = (outcome <> ''))"""
    )
    op.execute(
        """create index ix_difference_asked on difference (entity, kind, half, leads, id)
          where state = 'asked'"""
    )


def downgrade() -> None:
    """Know differences only."""
    op.execute("drop index ix_difference_asked")
    op.execute("alter table difference drop column state, drop column outcome")
    op.execute("drop table levelled_state")
