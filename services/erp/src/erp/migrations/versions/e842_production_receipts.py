"""Production orders that are firm or in work are expected receipts, as purchase orders are.

Revision ID: e842
Revises: e841
"""

from alembic import op

revision = "e842"
down_revision = "e841"

_EXPECTED = """insert into incoming (source_line_id, item_id, quantity, due_on)
  select id, item_id, least(quantity - good, start_quantity - good - scrapped - reworked), due_on
    from production_order where state in ('firm', 'released', 'started') and quantity > good
      and start_quantity > good + scrapped + reworked
  on conflict do nothing"""
_FORGOTTEN = """delete from incoming i using production_order o where o.id = i.source_line_id"""


def upgrade() -> None:
    """Expect what open orders still make."""
    op.execute(_EXPECTED)


def downgrade() -> None:
    """Expect nothing of production."""
    op.execute(_FORGOTTEN)
