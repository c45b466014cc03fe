"""What customers owed when the books were opened.

Revision ID: e243
Revises: e280
"""

from alembic import op

revision = "e243"
down_revision = "e280"

_TABLE = (
    """create table opening_receivable (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      customer_id uuid not null,
      number text not null,
      number_key text not null,
      issued_on date not null,
      due_on date not null,
      effective_on date not null,
      currency text not null,
      amount numeric(20, 4) not null,
      constraint pk_opening_receivable primary key (id),
      constraint uq_opening_receivable_number_key unique (number_key),
      constraint fk_opening_receivable_customer_id_customer
        foreign key (customer_id) references customer (id),
      constraint ck_opening_receivable_amount_positive check (amount > 0),
      constraint ck_opening_receivable_days
        check (issued_on <= due_on and issued_on <= effective_on)
    )""",
    "create index ix_opening_receivable_created_at on opening_receivable (created_at, id)",
    """create index ix_opening_receivable_customer_id
      on opening_receivable (customer_id, created_at, id)""",
    """create trigger opening_receivable_is_kept
      before delete or update of id, created_at, customer_id, number, number_key, issued_on,
        due_on, effective_on, currency, amount on opening_receivable
      for each row execute function refuse_change()""",
    """create trigger opening_receivable_is_not_emptied before truncate on opening_receivable
      for each statement execute function refuse_change()""",
)


def upgrade() -> None:
    for statement in _TABLE:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table opening_receivable")
