"""Who revoked a key, and the last administrator stays.

Revision ID: e510
Revises: e470
"""

from alembic import op

from identity import schema

revision = "e510"
down_revision = "e470"


def upgrade() -> None:
    """Add the column and the guard; what releases before counted of failed logins goes."""
    op.execute(schema.REVOKED_BY)
    for statement in schema.LAST_ADMINISTRATOR:
        op.execute(statement)
    op.execute("delete from login_failure")


def downgrade() -> None:
    """Take both away."""
    op.execute("drop trigger last_administrator_is_kept on local_user")
    op.execute("drop trigger last_administrator_stays on local_user")
    op.execute("drop function last_administrator_stays()")
    op.execute("alter table api_key drop column revoked_by")
