"""Users who were erased stay empty.

Revision ID: 0470
Revises: 0481
"""

from alembic import op

from records.erasure.tables import ERASED_USERS

revision = "0470"
down_revision = "0481"


def upgrade() -> None:
    """Hold by a constraint that an erased user is empty."""
    op.execute(ERASED_USERS)


def downgrade() -> None:
    """Take it back."""
    op.execute("alter table local_user drop constraint ck_local_user_erased")
