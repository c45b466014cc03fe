"""What a customer owes, and what an item's stock is worth, stays within what can be told.

Revision ID: e263
Revises: e242
"""

from alembic import op

revision = "e263"
down_revision = "e242"

_CHECKS = (
    ("customer_balance", "open_amount < 1e14 and unallocated < 1e14"),
    ("item_valuation", "value < 1e14"),
)


def upgrade() -> None:
    """New sums are judged at once; where an old one is wider, the constraint stays unproven."""
    for table, check in _CHECKS:
        op.execute(
            f"alter table {table} add constraint ck_{table}_bookable check ({check}) not valid"
        )
        op.execute(
            f"""do $$ begin
                  if not exists (select from {table} where not ({check})) then
                    alter table {table} validate constraint ck_{table}_bookable;
                  end if;
                end $$"""
        )


def downgrade() -> None:
    for table, _ in _CHECKS:
        op.execute(f"alter table {table} drop constraint ck_{table}_bookable")
