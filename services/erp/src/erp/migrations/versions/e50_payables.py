"""Suppliers' bills.

Revision ID: e50
Revises: e40
"""

from alembic import op

revision = "e50"
down_revision = "e40"

_TABLES = (
    """create table bill (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      supplier_id uuid not null,
      supplier_number text not null,
      year smallint not null,
      purchase_order_id uuid,
      effective_on date not null,
      due_on date not null,
      currency text not null,
      net numeric(20, 4) not null,
      tax numeric(20, 4) not null,
      gross numeric(20, 4) not null,
      received numeric(20, 4) not null,
      constraint pk_bill primary key (id),
      constraint uq_bill_supplier_id_supplier_number_year
        unique (supplier_id, supplier_number, year),
      constraint fk_bill_supplier_id_supplier foreign key (supplier_id) references supplier (id),
      constraint ck_bill_numbered check (supplier_number <> ''),
      constraint ck_bill_adds_up
        check (net >= 0 and tax >= 0 and net + tax = gross and gross > 0 and received >= 0)
    )""",
    "create index ix_bill_created_at on bill (created_at, id)",
    """create index ix_bill_purchase_order_id on bill (purchase_order_id)
      where purchase_order_id is not null""",
    """create table bill_expense (
      id uuid not null,
      bill_id uuid not null,
      position smallint not null,
      account text not null,
      description text not null,
      amount numeric(20, 4) not null,
      constraint pk_bill_expense primary key (id),
      constraint uq_bill_expense_bill_id_position unique (bill_id, position),
      constraint fk_bill_expense_bill_id_bill foreign key (bill_id) references bill (id),
      constraint ck_bill_expense_amount_positive check (amount > 0)
    )""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    for table in ("bill", "bill_expense"):
        op.execute(
            f"""create trigger {table}_is_kept before update or delete on {table}
              for each row execute function refuse_change()"""
        )
        op.execute(
            f"""create trigger {table}_is_not_emptied before truncate on {table}
              for each statement execute function refuse_change()"""
        )


def downgrade() -> None:
    op.execute("drop table bill_expense, bill")
