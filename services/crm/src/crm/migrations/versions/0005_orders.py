"""Customers' orders, what a linked ERP says of them, of stock and of debts.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"

_TABLES = (
    "create sequence customer_order_number_seq",
    """create table customer_order (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      number text not null,
      account_id uuid not null,
      ordered_on date not null,
      requested_on date,
      ship_to jsonb not null,
      note text not null,
      currency text not null,
      state text not null,
      net numeric(20, 4) not null,
      freight numeric(20, 4) not null,
      total numeric(20, 4) not null,
      erp jsonb,
      erp_version bigint not null,
      constraint pk_customer_order primary key (id),
      constraint uq_customer_order_number unique (number),
      constraint fk_customer_order_account_id_account
        foreign key (account_id) references account (id),
      constraint ck_customer_order_state_known check (state in ('placed', 'cancelled')),
      constraint ck_customer_order_adds_up
        check (net >= 0 and freight >= 0 and total = net + freight)
    )""",
    "create index ix_customer_order_created_at on customer_order (created_at, id)",
    "create index ix_customer_order_account_id on customer_order (account_id, created_at, id)",
    "create index ix_customer_order_state on customer_order (state, created_at, id)",
    """create table customer_order_line (
      id uuid not null,
      order_id uuid not null,
      position smallint not null,
      product_id uuid not null,
      quantity numeric(20, 6) not null,
      unit_price numeric(20, 6) not null,
      discount numeric(7, 6) not null,
      net numeric(20, 4) not null,
      constraint pk_customer_order_line primary key (id),
      constraint uq_customer_order_line_order_id_position unique (order_id, position),
      constraint fk_customer_order_line_order_id_customer_order
        foreign key (order_id) references customer_order (id),
      constraint fk_customer_order_line_product_id_product
        foreign key (product_id) references product (id),
      constraint ck_customer_order_line_quantity_positive check (quantity > 0),
      constraint ck_customer_order_line_price_not_negative
        check (unit_price >= 0 and net >= 0),
      constraint ck_customer_order_line_discount_part check (discount >= 0 and discount <= 1)
    )""",
    "create index ix_customer_order_line_product_id on customer_order_line (product_id)",
    """create table product_availability (
      product_id uuid not null,
      source_version bigint not null,
      free numeric(20, 6) not null,
      incoming numeric(20, 6) not null,
      updated_at timestamptz not null,
      constraint pk_product_availability primary key (product_id),
      constraint fk_product_availability_product_id_product
        foreign key (product_id) references product (id)
    )""",
    """create table account_debt (
      account_id uuid not null,
      owes numeric(20, 4) not null,
      told_at timestamptz not null,
      constraint pk_account_debt primary key (account_id),
      constraint fk_account_debt_account_id_account
        foreign key (account_id) references account (id)
    )""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop table account_debt, product_availability, customer_order_line, customer_order")
    op.execute("drop sequence customer_order_number_seq")
