"""Changes of records are kept: who changed which field from what to what, by which way.

What records were before stays unknown: their first change from now on is the first one kept.

Revision ID: e320
Revises: e360
"""

from alembic import op

from records import history_tables

revision = "e320"
down_revision = "e360"


def upgrade() -> None:
    """Make the table, which is only added to."""
    for statement in history_tables.DDL:
        op.execute(statement)


def downgrade() -> None:
    """Drop it."""
    for statement in history_tables.DROP:
        op.execute(statement)
