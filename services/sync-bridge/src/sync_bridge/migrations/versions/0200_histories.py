"""Versions and places in a feed count in a history of the half's database.

Revision ID: 0200
Revises: 0210
"""

from alembic import op

from chassis.events.schema import BEGAN_AT
from chassis.storage.source_versions import HISTORY

revision = "0200"
down_revision = "0210"

UP = (
    BEGAN_AT,
    HISTORY,
    "alter table inbox add column history integer not null default 1",
    """alter table lane add column applied_history integer not null default 1,
      add column label_history integer not null default 1""",
    "alter table creation add column history integer not null default 1",
    "alter table shadow add column source_history integer not null default 1",
    "alter table position add column history integer not null default 1",
    "drop index ix_inbox_lane",
    "create index ix_inbox_lane on inbox (lane, history, aggversion) where state = 'received'",
    "drop index ix_inbox_position",
    "create index ix_inbox_position on inbox (source, history, feed_seq)",
)
DOWN = (
    "drop index ix_inbox_position",
    "create index ix_inbox_position on inbox (source, feed_seq)",
    "drop index ix_inbox_lane",
    "create index ix_inbox_lane on inbox (lane, aggversion) where state = 'received'",
    "alter table position drop column history",
    "alter table shadow drop column source_history",
    "alter table creation drop column history",
    "alter table lane drop column label_history, drop column applied_history",
    "alter table inbox drop column history",
    "alter table external_reference drop column source_history",
    "alter table installation drop column began_at",
)


def upgrade() -> None:
    """Add the columns; what is known was told in the first history."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for statement in DOWN:
        op.execute(statement)
