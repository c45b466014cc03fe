"""A price without a minimum holds for any quantity.

Revision ID: e260
Revises: e180
"""

from alembic import op

revision = "e260"
down_revision = "e180"

NO_MINIMUM = """update price set min_quantity = 0 where min_quantity = 1
  and not exists (select from price other where other.item_id = price.item_id
    and other.price_list_id = price.price_list_id and other.status = 'active'
    and other.min_quantity < 1)"""


def upgrade() -> None:
    """What had no minimum was kept as from 1 on; nothing smaller stands beside it."""
    op.execute(
        """alter table price drop constraint ck_price_min_quantity_positive,
             add constraint ck_price_min_quantity_not_negative check (min_quantity >= 0)"""
    )
    op.execute(NO_MINIMUM)


def downgrade() -> None:
    op.execute(
        """update price set min_quantity = case when exists (select from price other
             where other.item_id = price.item_id and other.price_list_id = price.price_list_id
               and other.min_quantity = 1) then 0.000001 else 1 end where min_quantity = 0"""
    )
    op.execute(
        """alter table price drop constraint ck_price_min_quantity_not_negative,
             add constraint ck_price_min_quantity_positive check (min_quantity > 0)"""
    )
