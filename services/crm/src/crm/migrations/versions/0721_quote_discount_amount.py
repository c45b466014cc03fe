"""The discount of a quote may be an amount instead of a part.

Revision ID: 0721
Revises: 0720
"""

from alembic import op

revision = "0721"
down_revision = "0720"


def upgrade() -> None:
    """Add the amount; a quote has one discount, and its lines have all of it."""
    op.execute(
        """alter table quote add column discount_amount numeric(20, 4),
          add constraint ck_quote_discount_amount_positive check (discount_amount > 0),
          add constraint ck_quote_one_discount
            check (discount = 0 or discount_amount is null),
          add constraint ck_quote_discount_amount_shared_out
            check (gross = 0 or discount_amount = document_discount)"""
    )


def downgrade() -> None:
    """Take the amount away; what lines come to stays."""
    op.execute("alter table quote drop column discount_amount")
