"""Sales orders, their lines and charges, change requests, shipments.

Revision ID: e80
Revises: e70
"""

from alembic import op

revision = "e80"
down_revision = "e70"

_TABLES = (
    "create sequence sales_order_number_seq",
    "create sequence shipment_number_seq",
    """create table sales_order (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      number text not null,
      customer_id uuid not null,
      currency text not null,
      ordered_on date not null,
      requested_on date,
      promised_on date,
      ship_to jsonb not null,
      note text not null,
      state text not null,
      reason text not null,
      net numeric(20, 4) not null,
      charges numeric(20, 4) not null,
      invoiced numeric(20, 4) not null,
      paid numeric(20, 4) not null,
      constraint pk_sales_order primary key (id),
      constraint uq_sales_order_number unique (number),
      constraint fk_sales_order_customer_id_customer
        foreign key (customer_id) references customer (id),
      constraint ck_sales_order_state_known check (state in
        ('draft', 'on_hold', 'confirmed', 'completed', 'cancelled', 'rejected')),
      constraint ck_sales_order_amounts_not_negative
        check (net >= 0 and charges >= 0 and invoiced >= 0 and paid >= 0)
    )""",
    "create index ix_sales_order_created_at on sales_order (created_at, id)",
    "create index ix_sales_order_state on sales_order (state, created_at, id)",
    "create index ix_sales_order_customer_id on sales_order (customer_id, created_at, id)",
    """create table sales_order_line (
      id uuid not null,
      order_id uuid not null,
      position smallint not null,
      external_line_id text not null,
      item_id uuid not null,
      description text not null,
      quantity numeric(20, 6) not null,
      unit_price numeric(20, 6) not null,
      discount numeric(7, 6) not null,
      net numeric(20, 4) not null,
      shipped numeric(20, 6) not null,
      returned numeric(20, 6) not null,
      invoiced numeric(20, 6) not null,
      credited numeric(20, 6) not null,
      constraint pk_sales_order_line primary key (id),
      constraint uq_sales_order_line_order_id_position unique (order_id, position),
      constraint fk_sales_order_line_order_id_sales_order
        foreign key (order_id) references sales_order (id),
      constraint fk_sales_order_line_item_id_item foreign key (item_id) references item (id),
      constraint ck_sales_order_line_quantity_positive check (quantity > 0),
      constraint ck_sales_order_line_price_not_negative check (unit_price >= 0),
      constraint ck_sales_order_line_discount_part check (discount >= 0 and discount <= 1),
      constraint ck_sales_order_line_within_ordered check (
        shipped >= 0 and shipped <= quantity and invoiced >= 0 and invoiced <= shipped
        and returned >= 0 and returned <= shipped
        and credited >= 0 and credited <= returned and credited <= invoiced)
    )""",
    "create index ix_sales_order_line_item_id on sales_order_line (item_id)",
    """create table sales_order_charge (
      id uuid not null,
      order_id uuid not null,
      position smallint not null,
      kind text not null,
      amount numeric(20, 4) not null,
      invoiced boolean not null,
      constraint pk_sales_order_charge primary key (id),
      constraint uq_sales_order_charge_order_id_position unique (order_id, position),
      constraint fk_sales_order_charge_order_id_sales_order
        foreign key (order_id) references sales_order (id),
      constraint ck_sales_order_charge_kind_known check (kind in ('freight')),
      constraint ck_sales_order_charge_amount_positive check (amount > 0)
    )""",
    """create table change_request (
      id uuid not null,
      order_id uuid not null,
      recorded_at timestamptz not null,
      kind text not null,
      state text not null,
      reason text not null,
      asked_by text not null,
      source_version bigint,
      constraint pk_change_request primary key (id),
      constraint fk_change_request_order_id_sales_order
        foreign key (order_id) references sales_order (id),
      constraint ck_change_request_kind_known check (kind in ('change', 'cancellation')),
      constraint ck_change_request_state_known check (state in ('accepted', 'refused'))
    )""",
    "create index ix_change_request_order_id on change_request (order_id, recorded_at)",
    """create table shipment (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      number text not null,
      order_id uuid not null,
      kind text not null,
      shipped_on date not null,
      carrier text not null,
      tracking_number text not null,
      constraint pk_shipment primary key (id),
      constraint uq_shipment_number unique (number),
      constraint fk_shipment_order_id_sales_order
        foreign key (order_id) references sales_order (id),
      constraint ck_shipment_kind_known check (kind in ('delivery', 'return'))
    )""",
    "create index ix_shipment_order_id on shipment (order_id, created_at)",
    "create index ix_shipment_created_at on shipment (created_at, id)",
    """create table shipment_line (
      id uuid not null,
      shipment_id uuid not null,
      order_line_id uuid not null,
      quantity numeric(20, 6) not null,
      constraint pk_shipment_line primary key (id),
      constraint uq_shipment_line_shipment_id_order_line_id unique (shipment_id, order_line_id),
      constraint fk_shipment_line_shipment_id_shipment
        foreign key (shipment_id) references shipment (id),
      constraint fk_shipment_line_order_line_id_sales_order_line
        foreign key (order_line_id) references sales_order_line (id),
      constraint ck_shipment_line_quantity_positive check (quantity > 0)
    )""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute(
        "drop table shipment_line, shipment, change_request, sales_order_charge,"
        " sales_order_line, sales_order"
    )
    op.execute("drop sequence shipment_number_seq")
    op.execute("drop sequence sales_order_number_seq")
