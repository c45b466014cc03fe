"""How often callers came, as all processes have counted it.

Revision ID: e350
Revises: e302
"""

from alembic import op

from chassis.http.shared_counts import DDL

revision = "e350"
down_revision = "e302"


def upgrade() -> None:
    """Make the table; it is empty after a crash, and that is well."""
    op.execute(DDL)


def downgrade() -> None:
    """Take it away."""
    op.execute("drop table rate_count")
