"""A cost of a product that was entered by mistake is archived, and its day is free for another.

Revision ID: 0763
Revises: 0762
"""

from alembic import op

from records.imports.deletions import deletion_trigger

revision = "0763"
down_revision = "0762"

UP = (
    # The default stays for processes of the release before, which enter costs without a state.
    """alter table product_cost add column status text not null default 'active'
      constraint ck_product_cost_status_known check (status in ('active', 'archived'))""",
    """create unique index uq_product_cost_active on product_cost (product_id, currency, valid_from)
      where status = 'active'""",
    "alter table product_cost drop constraint uq_product_cost_product_id_currency_valid_from",
    "create index ix_product_cost_status_created_at on product_cost (status, created_at, id)",
    # The undo of an import archives costs from now on.
    "drop trigger product_cost_deleted_by_undo on product_cost",
)
DOWN = (
    """alter table product_cost add constraint uq_product_cost_product_id_currency_valid_from
      unique (product_id, currency, valid_from)""",
    "drop index uq_product_cost_active",
    "alter table product_cost drop column status",
    deletion_trigger("product_cost"),
)


def upgrade() -> None:
    """Add the state, of which only costs that count must differ in their day."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Take it away; fails where an archived cost has the day of another."""
    for statement in DOWN:
        op.execute(statement)
