"""Open items, payments, their allocations, and what each customer owes in all.

Revision ID: e30
Revises: e20
"""

from alembic import op

revision = "e30"
down_revision = "e20"

_TABLES = (
    "create sequence payment_number_seq",
    """create table open_item (
      id uuid not null,
      created_at timestamptz not null,
      side text not null,
      party_id uuid not null,
      source_type text not null,
      source_id uuid not null,
      order_id uuid,
      document_number text not null,
      effective_on date not null,
      due_on date not null,
      amount numeric(20, 4) not null,
      open_amount numeric(20, 4) not null,
      credited numeric(20, 4) not null,
      constraint pk_open_item primary key (id),
      constraint uq_open_item_source_id unique (source_id),
      constraint ck_open_item_side_known check (side in ('receivable', 'payable')),
      constraint ck_open_item_open_within_amount check (
        amount > 0 and open_amount >= 0 and credited >= 0 and open_amount + credited <= amount)
    )""",
    """create index ix_open_item_open on open_item (side, party_id, due_on, id)
      where open_amount > 0""",
    "create index ix_open_item_created_at on open_item (created_at, id)",
    "create index ix_open_item_order_id on open_item (order_id) where order_id is not null",
    """create table payment (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      number text not null,
      kind text not null,
      direction text not null,
      party_id uuid not null,
      effective_on date not null,
      amount numeric(20, 4) not null,
      unallocated numeric(20, 4) not null,
      reference text not null,
      source_id uuid,
      constraint pk_payment primary key (id),
      constraint uq_payment_number unique (number),
      constraint uq_payment_source_id unique (source_id),
      constraint ck_payment_kind_known check (kind in ('payment', 'credit_note')),
      constraint ck_payment_source_of_credit
        check ((kind = 'credit_note') = (source_id is not null)),
      constraint ck_payment_direction_known check (direction in ('in', 'out')),
      constraint ck_payment_allocated_within_amount
        check (amount > 0 and unallocated >= 0 and unallocated <= amount)
    )""",
    "create index ix_payment_created_at on payment (created_at, id)",
    "create index ix_payment_party_id on payment (party_id, created_at, id)",
    """create table allocation (
      id uuid not null,
      recorded_at timestamptz not null,
      payment_id uuid not null,
      open_item_id uuid not null,
      effective_on date not null,
      amount numeric(20, 4) not null,
      actor text not null,
      constraint pk_allocation primary key (id),
      constraint fk_allocation_payment_id_payment
        foreign key (payment_id) references payment (id),
      constraint fk_allocation_open_item_id_open_item
        foreign key (open_item_id) references open_item (id),
      constraint ck_allocation_amount_not_zero check (amount <> 0)
    )""",
    "create index ix_allocation_payment_id on allocation (payment_id)",
    "create index ix_allocation_open_item_id on allocation (open_item_id)",
    """create table customer_balance (
      id uuid not null,
      version integer not null,
      customer_id uuid not null,
      open_amount numeric(20, 4) not null,
      unallocated numeric(20, 4) not null,
      told_at timestamptz not null,
      constraint pk_customer_balance primary key (id),
      constraint uq_customer_balance_customer_id unique (customer_id),
      constraint fk_customer_balance_customer_id_customer
        foreign key (customer_id) references customer (id),
      constraint ck_customer_balance_not_negative
        check (open_amount >= 0 and unallocated >= 0)
    )""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    op.execute(
        """create trigger allocation_is_kept before update or delete on allocation
          for each row execute function refuse_change()"""
    )
    op.execute(
        """create trigger allocation_is_not_emptied before truncate on allocation
          for each statement execute function refuse_change()"""
    )


def downgrade() -> None:
    op.execute("drop table customer_balance, allocation, payment, open_item")
    op.execute("drop sequence payment_number_seq")
