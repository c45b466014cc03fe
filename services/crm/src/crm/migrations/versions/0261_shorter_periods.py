"""A price with a first and a last day may lie within the period of another.

Revision ID: 0261
Revises: 0260
"""

from alembic import op

revision = "0261"
down_revision = "0260"

_SAME = "product_id with =, price_list with =, min_quantity with ="
_PERIOD = "daterange(valid_from, valid_to, '[]') with &&"
_WHERE = "status = 'active' and master = 'own'"


def upgrade() -> None:
    """Only equally long ones, and open ones, still exclude each other."""
    op.execute(
        f"""alter table product_price drop constraint ex_product_price_period,
             add constraint ex_product_price_period exclude using gist (
               {_SAME}, coalesce(valid_to - valid_from, -1) with =, {_PERIOD})
             where ({_WHERE})"""
    )


def downgrade() -> None:
    op.execute(
        f"""alter table product_price drop constraint ex_product_price_period,
             add constraint ex_product_price_period exclude using gist ({_SAME}, {_PERIOD})
             where ({_WHERE})"""
    )
