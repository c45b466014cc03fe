"""Moves that were there before lots are judged while goods go on moving; lots find their moves.

Revision ID: e702
Revises: e701
"""

from alembic import op

revision = "e702"
down_revision = "e701"

_CONSTRAINTS = ("ck_stock_move_tracked", "fk_stock_move_lot_id_item_id_lot")


def upgrade() -> None:
    """Read all moves once for each: nobody who moves goods waits for the two first."""
    for name in _CONSTRAINTS:
        op.execute(f"alter table stock_move validate constraint {name}")
    op.execute(
        """create index ix_stock_move_lot_id on stock_move (lot_id, recorded_at, id)
          where lot_id is not null"""
    )


def downgrade() -> None:
    """Take the index away; what was judged stays so."""
    op.execute("drop index ix_stock_move_lot_id")
