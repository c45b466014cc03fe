"""Exports, and the contents of files.

Revision ID: e440
Revises: e431
"""

from alembic import op

from records.exports.tables import DDL as EXPORTS
from records.sheets.tables import DDL as FILES

revision = "e440"
down_revision = "e431"


def upgrade() -> None:
    """Create their tables."""
    for statement in (*FILES, *EXPORTS):
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("drop table record_export")
    op.execute("drop table file_part")
