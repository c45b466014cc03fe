"""A price without a minimum holds for any quantity.

Revision ID: 0260
Revises: 0180
"""

from alembic import op

revision = "0260"
down_revision = "0180"

NO_MINIMUM = """update product_price set min_quantity = 0 where min_quantity = 1
  and not exists (select from product_price other
    where other.product_id = product_price.product_id
      and other.price_list = product_price.price_list and other.status = 'active'
      and other.min_quantity < 1)"""


def upgrade() -> None:
    """What had no minimum was kept as from 1 on; nothing smaller stands beside it."""
    op.execute(
        """alter table product_price drop constraint ck_product_price_min_quantity_positive,
             add constraint ck_product_price_min_quantity_not_negative check (min_quantity >= 0)"""
    )
    op.execute(NO_MINIMUM)


def downgrade() -> None:
    op.execute(
        """update product_price set min_quantity = case when exists (select from product_price other
             where other.product_id = product_price.product_id
               and other.price_list = product_price.price_list and other.min_quantity = 1)
             then 0.000001 else 1 end where min_quantity = 0"""
    )
    op.execute(
        """alter table product_price drop constraint ck_product_price_min_quantity_not_negative,
             add constraint ck_product_price_min_quantity_positive check (min_quantity > 0)"""
    )
