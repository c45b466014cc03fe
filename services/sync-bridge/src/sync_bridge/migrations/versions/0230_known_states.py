"""What became of an event, and how following a source goes, are words that are known.

Revision ID: 0230
Revises: 0222
"""

from alembic import op

revision = "0230"
down_revision = "0222"

OUTCOMES = """'applied', 'unchanged', 'refused', 'superseded', 'stale', 'not_carried', 'restored',
  'unknown_type', 'too_many_hops', 'caused_by_itself', 'skipped', 'dismissed'"""
STATES = "'starting', 'following', 'retrying', 'refused'"


def upgrade() -> None:
    """Promise it; the inbox is read once for it, and takes no events meanwhile."""
    op.execute("set lock_timeout = '5s'")
    op.execute(
        f"""alter table inbox add constraint ck_inbox_outcome_known
          check (outcome in ({OUTCOMES})) not valid"""
    )
    op.execute("alter table inbox validate constraint ck_inbox_outcome_known")
    op.execute(
        f"""alter table source_condition add constraint ck_source_condition_state_known
          check (state in ({STATES}))"""
    )


def downgrade() -> None:
    """Promise nothing."""
    op.execute("alter table source_condition drop constraint ck_source_condition_state_known")
    op.execute("alter table inbox drop constraint ck_inbox_outcome_known")
