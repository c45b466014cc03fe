"""Keys that the rows of a dry run take, so that it sees clashes between its steps.

Revision ID: e480
Revises: e441
"""

from alembic import op

from records.imports.tables import KEYS_DDL

revision = "e480"
down_revision = "e441"


def upgrade() -> None:
    """Create their table."""
    op.execute(KEYS_DDL)


def downgrade() -> None:
    """Drop it."""
    op.execute("drop table record_import_key")
