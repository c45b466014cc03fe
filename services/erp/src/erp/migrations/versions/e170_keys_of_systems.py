"""Keys are bound to the systems they speak for; links keep what was sent.

Revision ID: e170
Revises: e150
"""

from alembic import op

from chassis.storage.source_versions import CONTENT
from identity import schema

revision = "e170"
down_revision = "e150"


def upgrade() -> None:
    """Bind the keys that may do all that the bridge does here, so that it goes on working."""
    op.execute(schema.KEY_SYSTEMS)
    op.execute(CONTENT)
    op.execute(
        """update api_key set systems = '{crm}',
            scopes = array_remove(scopes, 'events.relay') || '{events.relay}'
          where scopes @> '{catalog.read, events.read, parties.read, parties.write, sales.read,
            sales.write, backdate}'"""
    )


def downgrade() -> None:
    """Let every key speak for every system again."""
    op.execute("alter table external_reference drop column content")
    op.execute("alter table api_key drop column systems")
