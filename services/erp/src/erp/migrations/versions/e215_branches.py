"""Branches have the tax id of another customer: only the index that knows their mark stays unique.

Revision ID: e215
Revises: e200
"""

from alembic import op

revision = "e215"
down_revision = "e200"


def upgrade() -> None:
    """`uq_customer_tax_id_key` promises the same of all that are no branches."""
    op.execute("drop index uq_customer_tax_id")


def downgrade() -> None:
    """As before; fails while two active customers have one tax id."""
    op.execute(
        """create unique index uq_customer_tax_id on customer (tax_id)
            where status = 'active' and tax_id <> ''"""
    )
