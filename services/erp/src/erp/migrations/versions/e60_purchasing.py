"""Supplier prices, purchase suggestions, purchase orders and their receipts.

Revision ID: e60
Revises: e50
"""

from alembic import op

revision = "e60"
down_revision = "e50"

_TABLES = (
    "create sequence purchase_order_number_seq",
    "create sequence purchase_receipt_number_seq",
    """create table supplier_price (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      supplier_id uuid not null,
      item_id uuid not null,
      amount numeric(20, 6) not null,
      lead_time_days integer not null,
      min_quantity numeric(20, 6) not null,
      multiple numeric(20, 6) not null,
      constraint pk_supplier_price primary key (id),
      constraint uq_supplier_price_supplier_id_item_id unique (supplier_id, item_id),
      constraint fk_supplier_price_supplier_id_supplier
        foreign key (supplier_id) references supplier (id),
      constraint fk_supplier_price_item_id_item foreign key (item_id) references item (id),
      constraint ck_supplier_price_amount_not_negative check (amount >= 0),
      constraint ck_supplier_price_lead_time_days_range
        check (lead_time_days between 0 and 3650),
      constraint ck_supplier_price_lots_positive check (min_quantity > 0 and multiple > 0)
    )""",
    "create index ix_supplier_price_item_id on supplier_price (item_id, amount)",
    "create index ix_supplier_price_created_at on supplier_price (created_at, id)",
    """create table purchase_order (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      number text not null,
      supplier_id uuid not null,
      state text not null,
      ordered_on date not null,
      constraint pk_purchase_order primary key (id),
      constraint uq_purchase_order_number unique (number),
      constraint fk_purchase_order_supplier_id_supplier
        foreign key (supplier_id) references supplier (id),
      constraint ck_purchase_order_state_known
        check (state in ('ordered', 'partly_received', 'received', 'closed'))
    )""",
    "create index ix_purchase_order_created_at on purchase_order (created_at, id)",
    """create index ix_purchase_order_state_created_at
      on purchase_order (state, created_at, id)""",
    """create index ix_purchase_order_supplier_id_created_at
      on purchase_order (supplier_id, created_at, id)""",
    """create table purchase_order_line (
      id uuid not null,
      purchase_order_id uuid not null,
      position smallint not null,
      item_id uuid not null,
      quantity numeric(20, 6) not null,
      unit_price numeric(20, 6) not null,
      due_on date not null,
      received numeric(20, 6) not null,
      received_value numeric(20, 4) not null,
      billed numeric(20, 6) not null,
      billed_value numeric(20, 4) not null,
      constraint pk_purchase_order_line primary key (id),
      constraint uq_purchase_order_line_purchase_order_id_position
        unique (purchase_order_id, position),
      constraint fk_purchase_order_line_purchase_order_id_purchase_order
        foreign key (purchase_order_id) references purchase_order (id),
      constraint fk_purchase_order_line_item_id_item foreign key (item_id) references item (id),
      constraint ck_purchase_order_line_positive check (quantity > 0 and unit_price >= 0),
      constraint ck_purchase_order_line_in_turn
        check (billed >= 0 and billed <= received and received <= quantity),
      constraint ck_purchase_order_line_value_in_turn
        check (billed_value >= 0 and billed_value <= received_value),
      constraint ck_purchase_order_line_cleared
        check (billed < received or billed_value = received_value)
    )""",
    "create index ix_purchase_order_line_item_id on purchase_order_line (item_id)",
    """create table purchase_suggestion (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      item_id uuid not null,
      quantity numeric(20, 6) not null,
      needed_on date not null,
      order_by date not null,
      supplier_id uuid,
      state text not null,
      order_line_id uuid,
      constraint pk_purchase_suggestion primary key (id),
      constraint fk_purchase_suggestion_item_id_item foreign key (item_id) references item (id),
      constraint fk_purchase_suggestion_supplier_id_supplier
        foreign key (supplier_id) references supplier (id),
      constraint fk_purchase_suggestion_order_line_id_purchase_order_line
        foreign key (order_line_id) references purchase_order_line (id),
      constraint ck_purchase_suggestion_quantity_positive check (quantity > 0),
      constraint ck_purchase_suggestion_state_known
        check (state in ('open', 'ordered', 'withdrawn')),
      constraint ck_purchase_suggestion_ordered_by_a_line
        check ((state = 'ordered') = (order_line_id is not null))
    )""",
    """create unique index uq_purchase_suggestion_open on purchase_suggestion (item_id)
      where state = 'open'""",
    "create index ix_purchase_suggestion_created_at on purchase_suggestion (created_at, id)",
    """create index ix_purchase_suggestion_state_created_at
      on purchase_suggestion (state, created_at, id)""",
    """create table purchase_receipt (
      id uuid not null,
      number text not null,
      purchase_order_id uuid not null,
      effective_on date not null,
      recorded_at timestamptz not null,
      actor text not null,
      constraint pk_purchase_receipt primary key (id),
      constraint uq_purchase_receipt_number unique (number),
      constraint fk_purchase_receipt_purchase_order_id_purchase_order
        foreign key (purchase_order_id) references purchase_order (id)
    )""",
    """create index ix_purchase_receipt_purchase_order_id
      on purchase_receipt (purchase_order_id)""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        "drop table purchase_receipt, purchase_suggestion, purchase_order_line, purchase_order,"
        " supplier_price"
    )
    op.execute("drop sequence purchase_receipt_number_seq")
    op.execute("drop sequence purchase_order_number_seq")
