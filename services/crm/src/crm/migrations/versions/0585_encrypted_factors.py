"""Secrets of second factors may be encrypted; at the next start those that are not will be.

Revision ID: 0585
Revises: 0570
"""

from alembic import op

from identity.schema import ENCRYPTED_FACTORS

revision = "0585"
down_revision = "0570"


def upgrade() -> None:
    """Take both forms; a table of people is small."""
    for statement in ENCRYPTED_FACTORS:
        op.execute(statement)


def downgrade() -> None:
    """Encrypted secrets cannot be read any more: people enrol anew."""
    op.execute("delete from second_factor where secret like 'aes:%'")
    op.execute("alter table second_factor drop constraint ck_second_factor_secret")
    op.execute(
        "alter table second_factor add constraint ck_second_factor_secret"
        " check (secret ~ '^[A-Z2-7]{32,64}$')"
    )
