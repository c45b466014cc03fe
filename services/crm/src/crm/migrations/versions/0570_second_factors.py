"""Second factors of people, their recovery codes, and the triggers by which the audit log has them.

Revision ID: 0570
Revises: 0560
"""

from alembic import op

from identity import schema
from identity.audit import schema as audit

revision = "0570"
down_revision = "0560"


def upgrade() -> None:
    """Add the tables; nobody has a second factor yet."""
    for statement in (*schema.SECOND_FACTORS, *audit.AUDIT_OF_FACTORS):
        op.execute(statement)


def downgrade() -> None:
    """Take second factors away; people log in with the password alone."""
    for statement in (*audit.DROP_AUDIT_OF_FACTORS, *schema.DROP_SECOND_FACTORS):
        op.execute(statement)
