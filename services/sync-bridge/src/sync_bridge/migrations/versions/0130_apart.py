"""Reviews may end in "apart", say why, and are found by their records.

Revision ID: 0130
Revises: 0120
"""

from alembic import op

revision = "0130"
down_revision = "0120"

_STATES = "alter table review add constraint ck_review_state_known check (state in ({}))"


def upgrade() -> None:
    """Take one state more, a note and the indexes."""
    op.execute("alter table review drop constraint ck_review_state_known")
    op.execute(_STATES.format("'open', 'linked', 'created', 'apart', 'withdrawn'"))
    op.execute("alter table review add column note text not null default ''")
    op.execute("create index ix_review_subject_created_at on review (subject, created_at, id)")
    op.execute("create index ix_review_candidates on review using gin (candidates jsonb_path_ops)")
    op.execute("create index ix_inbox_subject on inbox (subject, aggversion)")


def downgrade() -> None:
    """Know the state no more: what is apart is taken for new."""
    op.execute("drop index ix_inbox_subject, ix_review_candidates, ix_review_subject_created_at")
    op.execute("alter table review drop column note")
    op.execute("update review set state = 'withdrawn' where state = 'apart'")
    op.execute("alter table review drop constraint ck_review_state_known")
    op.execute(_STATES.format("'open', 'linked', 'created', 'withdrawn'"))
