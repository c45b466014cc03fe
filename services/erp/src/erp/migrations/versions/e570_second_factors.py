"""Second factors of people, their recovery codes, and the triggers by which the audit log has them.

Revision ID: e570
Revises: e551
"""

from alembic import op

from identity import schema
from identity.audit import schema as audit

revision = "e570"
down_revision = "e551"


def upgrade() -> None:
    """Add the tables; nobody has a second factor yet."""
    for statement in (*schema.SECOND_FACTORS, *audit.AUDIT_OF_FACTORS):
        op.execute(statement)


def downgrade() -> None:
    """Take second factors away; people log in with the password alone."""
    for statement in (*audit.DROP_AUDIT_OF_FACTORS, *schema.DROP_SECOND_FACTORS):
        op.execute(statement)
