"""A price with a first and a last day may lie within the period of another.

Revision ID: e261
Revises: e260
"""

from alembic import op

revision = "e261"
down_revision = "e260"

_SAME = "item_id with =, price_list_id with =, min_quantity with ="
_PERIOD = "daterange(valid_from, valid_to, '[]') with &&"
_WHERE = "status = 'active'"


def upgrade() -> None:
    """Only equally long ones, and open ones, still exclude each other."""
    op.execute(
        f"""alter table price drop constraint ex_price_overlap,
             add constraint ex_price_overlap exclude using gist (
               {_SAME}, coalesce(valid_to - valid_from, -1) with =, {_PERIOD})
             where ({_WHERE})"""
    )


def downgrade() -> None:
    op.execute(
        f"""alter table price drop constraint ex_price_overlap,
             add constraint ex_price_overlap exclude using gist ({_SAME}, {_PERIOD})
             where ({_WHERE})"""
    )
