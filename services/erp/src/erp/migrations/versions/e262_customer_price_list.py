"""A customer may have a price list of its own.

Revision ID: e262
Revises: e241
"""

from alembic import op

revision = "e262"
down_revision = "e241"


def upgrade() -> None:
    """Nobody has one so far."""
    op.execute(
        """alter table customer add price_list text,
             add constraint fk_customer_price_list_price_list
               foreign key (price_list) references price_list (code)"""
    )


def downgrade() -> None:
    op.execute("alter table customer drop price_list")
