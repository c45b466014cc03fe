"""Costs of products by day, and the day on which quotes were priced.

Revision ID: 0722
Revises: 0721
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from records.custom.tables import add_values
from records.imports.deletions import deletion_trigger

revision = "0722"
down_revision = "0721"

UP = (
    """create table product_cost (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      product_id uuid not null,
      currency text not null,
      valid_from date not null,
      cost numeric(20, 6) not null,
      note text not null,
      constraint pk_product_cost primary key (id),
      constraint uq_product_cost_product_id_currency_valid_from
        unique (product_id, currency, valid_from),
      constraint fk_product_cost_product_id_product
        foreign key (product_id) references product (id),
      constraint ck_product_cost_currency_form check (currency ~ '^[A-Z]{3}$'),
      constraint ck_product_cost_cost_not_negative check (cost >= 0)
    )""",
    "create index ix_product_cost_created_at on product_cost (created_at, id)",
    "create index ix_product_cost_updated_at on product_cost (updated_at, id)",
    "create index ix_product_cost_valid_from on product_cost (valid_from, id)",
    *add_values("product_cost"),
    deletion_trigger("product_cost"),
    "alter table quote add column priced_on date",
    PIN_FUNCTIONS,
)


def upgrade() -> None:
    """Add costs; quotes of before were priced when they were sent, drafts by the last cost."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Take costs away."""
    op.execute("alter table quote drop column priced_on")
    op.execute("drop table product_cost")
