"""Open items, payments and their allocations.

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
      constraint pk_open_item primary key (id),
      constraint uq_open_item_source_id unique (source_id),
      constraint ck_open_item_side_known check (side in ('receivable', 'payable')),
      constraint ck_open_item_open_within_amount
        check (amount > 0 and open_amount >= 0 and open_amount <= amount)
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
      direction text not null,
      party_id uuid not null,
      effective_on date not null,
      amount numeric(20, 4) not null,
      unallocated numeric(20, 4) not null,
      reference text not null,
      constraint pk_payment primary key (id),
      constraint uq_payment_number unique (number),
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
      amount numeric(20, 4) not null,
      constraint pk_allocation primary key (id),
      constraint fk_allocation_payment_id_payment
        foreign key (payment_id) references payment (id),
      constraint fk_allocation_open_item_id_open_item
        foreign key (open_item_id) references open_item (id),
      constraint ck_allocation_amount_not_zero check (amount <> 0)
    )""",
    "create index ix_allocation_payment_id on allocation (payment_id)",
    "create index ix_allocation_open_item_id on allocation (open_item_id)",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    op.execute(
        """create trigger allocation_is_kept before update or delete on allocation
          for each row execute function refuse_change()"""
    )


def downgrade() -> None:
    op.execute("drop table allocation, payment, open_item")
    op.execute("drop sequence payment_number_seq")
