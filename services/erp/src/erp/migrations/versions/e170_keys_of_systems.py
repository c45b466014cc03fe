"""API keys are bound to the systems they may speak for; the bridge's key to the CRM.

Revision ID: e170
Revises: e160
"""

from alembic import op

from chassis.identity import schema

revision = "e170"
down_revision = "e160"


def upgrade() -> None:
    """Bind the keys that may do all that the bridge does here, so that it goes on working."""
    op.execute(schema.KEY_SYSTEMS)
    op.execute(
        """update api_key set systems = '{crm}',
            scopes = array_remove(scopes, 'events.relay') || '{events.relay}'
          where scopes @> '{catalog.read, events.read, parties.read, parties.write, sales.read,
            sales.write, backdate}'"""
    )


def downgrade() -> None:
    """Let every key speak for every system again."""
    op.execute("alter table api_key drop column systems")
