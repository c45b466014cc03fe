"""The version in which an order was last changed here counts in a history of this database.

Where there was only one so far, all orders are of that. Otherwise nobody knows which one it was:
it stays empty, and their versions are compared as they were until now.

Revision ID: 0305
Revises: 0350
"""

from alembic import op

revision = "0305"
down_revision = "0350"


def upgrade() -> None:
    """Add the column; a constant default writes no row."""
    op.execute(
        """do $$ begin
             if (select epoch from installation) = 1 then
               alter table customer_order add column content_history integer default 1;
               alter table customer_order alter column content_history drop default;
             else
               alter table customer_order add column content_history integer;
             end if;
           end $$"""
    )


def downgrade() -> None:
    """Take it away."""
    op.execute("alter table customer_order drop column content_history")
