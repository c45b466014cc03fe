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
      received numeric(20, 4) not null,
      constraint pk_bill primary key (id),
      constraint uq_bill_supplier_id_supplier_number_year
        unique (supplier_id, supplier_number, year),
      constraint fk_bill_supplier_id_supplier foreign key (supplier_id) references supplier (id),
      constraint ck_bill_numbered check (supplier_number <> ''),
      constraint ck_bill_not_negative check (net > 0 and received >= 0)
    )""",
    "create index ix_bill_created_at on bill (created_at, id)",
    """create index ix_bill_purchase_order_id on bill (purchase_order_id)
      where purchase_order_id is not null""",
)


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    op.execute(
        """create trigger bill_is_kept before update or delete on bill
          for each row execute function refuse_change()"""
    )


def downgrade() -> None:
    op.execute("drop table bill")
