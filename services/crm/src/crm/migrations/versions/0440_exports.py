"""Exports, and the contents of files.

Revision ID: 0440
Revises: 0411
"""

from alembic import op

from records.exports.tables import DDL as EXPORTS
from records.sheets.tables import DDL as FILES

revision = "0440"
down_revision = "0411"


def upgrade() -> None:
    """Create their tables."""
    for statement in (*FILES, *EXPORTS):
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute("drop table record_export")
    op.execute("drop table file_part")
