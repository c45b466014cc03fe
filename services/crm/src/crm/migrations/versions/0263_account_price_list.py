"""An account may have a price list of its own.

Revision ID: 0263
Revises: 0262
"""

from alembic import op

revision = "0263"
down_revision = "0262"


def upgrade() -> None:
    """Nobody has one so far."""
    op.execute(
        """alter table account add price_list text,
             add constraint ck_account_price_list_given check (price_list <> '')"""
    )


def downgrade() -> None:
    op.execute("alter table account drop price_list")
