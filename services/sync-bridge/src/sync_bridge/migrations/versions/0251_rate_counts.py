"""How often callers came, as all processes have counted it.

Revision ID: 0251
Revises: 0230
"""

from alembic import op

from chassis.http.shared_counts import DDL

revision = "0251"
down_revision = "0230"


def upgrade() -> None:
    """Make the table; it is empty after a crash, and that is well."""
    op.execute(DDL)


def downgrade() -> None:
    """Take it away."""
    op.execute("drop table rate_count")
