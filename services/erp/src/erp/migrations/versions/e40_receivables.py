"""Tax codes, invoices and credit notes with their gap-free numbers.

Revision ID: e40
Revises: e30
"""

from alembic import context, op

revision = "e40"
down_revision = "e30"

_TABLES = (
    """create table tax_code (
      code text not null,
      name text not null,
      rate numeric(7, 6) not null,
      constraint pk_tax_code primary key (code),
      constraint ck_tax_code_rate_part check (rate >= 0 and rate < 1)
    )""",
    """create table invoice_series (
      series text not null,
      last_number bigint not null,
      last_on date not null,
      constraint pk_invoice_series primary key (series),
      constraint ck_invoice_series_counts check (last_number >= 1)
    )""",
    """create table invoice (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      series text not null,
      number bigint not null,
      kind text not null,
      customer_id uuid not null,
      order_id uuid,
      credits_id uuid,
      effective_on date not null,
      due_on date not null,
      currency text not null,
      net numeric(20, 4) not null,
      tax numeric(20, 4) not null,
      gross numeric(20, 4) not null,
      constraint pk_invoice primary key (id),
      constraint uq_invoice_series_number unique (series, number),
      constraint fk_invoice_customer_id_customer
        foreign key (customer_id) references customer (id),
      constraint fk_invoice_credits_id_invoice foreign key (credits_id) references invoice (id),
      constraint ck_invoice_kind_known check (kind in ('invoice', 'credit_note')),
      constraint ck_invoice_adds_up check (net + tax = gross and gross >= 0)
    )""",
    "create index ix_invoice_created_at on invoice (created_at, id)",
    "create index ix_invoice_customer_id on invoice (customer_id, created_at, id)",
    "create index ix_invoice_order_id on invoice (order_id) where order_id is not null",
    """create table invoice_line (
      id uuid not null,
      invoice_id uuid not null,
      position smallint not null,
      role text not null,
      order_line_id uuid,
      item_id uuid,
      description text not null,
      quantity numeric(20, 6) not null,
      unit_price numeric(20, 6) not null,
      discount numeric(7, 6) not null,
      net numeric(20, 4) not null,
      tax_code text not null,
      constraint pk_invoice_line primary key (id),
      constraint uq_invoice_line_invoice_id_position unique (invoice_id, position),
      constraint fk_invoice_line_invoice_id_invoice
        foreign key (invoice_id) references invoice (id),
      constraint fk_invoice_line_tax_code_tax_code
        foreign key (tax_code) references tax_code (code),
      constraint ck_invoice_line_not_negative check (quantity > 0 and net >= 0)
    )""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    for table in ("invoice", "invoice_line"):
        op.execute(
            f"""create trigger {table}_is_kept before update or delete on {table}
              for each row execute function refuse_change()"""
        )
        op.execute(
            f"""create trigger {table}_is_not_emptied before truncate on {table}
              for each statement execute function refuse_change()"""
        )
    if not context.is_offline_mode():
        op.execute("insert into tax_code (code, name, rate) values ('Z0', 'Zero rated', 0)")


def downgrade() -> None:
    op.execute("drop table invoice_line, invoice, invoice_series, tax_code")
