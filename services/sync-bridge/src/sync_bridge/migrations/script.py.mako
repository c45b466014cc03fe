"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}
"""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Bring the schema here."""
    ${upgrades if upgrades else "op.execute('')"}


def downgrade() -> None:
    """Take the schema back."""
    ${downgrades if downgrades else "op.execute('')"}
