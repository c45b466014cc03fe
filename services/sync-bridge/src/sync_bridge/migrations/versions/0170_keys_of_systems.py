"""Keys have the systems they speak for, links what was sent: as in every service.

Revision ID: 0170
Revises: 0130
"""

from alembic import op

from chassis.storage.source_versions import CONTENT
from identity import schema

revision = "0170"
down_revision = "0130"


def upgrade() -> None:
    """Add the column that every service's keys have."""
    op.execute(schema.KEY_SYSTEMS)
    op.execute(CONTENT)


def downgrade() -> None:
    """Take it away."""
    op.execute("alter table external_reference drop column content")
    op.execute("alter table api_key drop column systems")
