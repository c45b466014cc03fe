"""Keys are bound to the systems they speak for; links keep what was sent.

Revision ID: 0170
Revises: 0150
"""

from alembic import op

from chassis.storage.source_versions import CONTENT
from identity import schema

revision = "0170"
down_revision = "0150"


def upgrade() -> None:
    """Bind the keys that may write what the ERP tells, so that the bridge goes on working."""
    op.execute(schema.KEY_SYSTEMS)
    op.execute(CONTENT)
    op.execute(
        """update api_key set systems = '{erp}',
          scopes = array_remove(scopes, 'events.relay') || '{events.relay}'
          where scopes && '{accounts.sync, orders.sync}'"""
    )


def downgrade() -> None:
    """Let every key speak for every system again."""
    op.execute("alter table external_reference drop column content")
    op.execute("alter table api_key drop column systems")
