"""Suppliers credit: a credit note stands beside the bills, with a number of its own.

Revision ID: e221
Revises: e215
"""

from alembic import op

revision = "e221"
down_revision = "e215"

_NUMBER = "coalesce(number_key, upper(supplier_number))"

_UP = (
    """alter table bill add column kind text not null default 'bill',
         add column credits_id uuid""",
    """alter table bill
         add constraint ck_bill_kind_known check (kind in ('bill', 'credit_note')) not valid,
         add constraint ck_bill_credits_a_bill
           check (credits_id is null or kind = 'credit_note') not valid,
         add constraint fk_bill_credits_id_bill foreign key (credits_id) references bill (id)
           not valid""",
    "alter table bill validate constraint ck_bill_kind_known",
    "alter table bill validate constraint ck_bill_credits_a_bill",
    "alter table bill validate constraint fk_bill_credits_id_bill",
    # E22: a supplier numbers credit notes on their own, and each once.
    f"""create unique index uq_bill_number_of_kind on bill
          (supplier_id, {_NUMBER}, year, (kind = 'credit_note')) where state = 'entered'""",
    "drop index uq_bill_number_alike",
    "create index ix_bill_kind_created_at on bill (kind, created_at, id)",
    "create index ix_bill_line_order_line_id on bill_line (order_line_id)",
    "create index ix_bill_credits_id on bill (credits_id) where credits_id is not null",
    """create trigger bill_kind_is_kept before update of kind, credits_id on bill
         for each row execute function refuse_change()""",
)


def upgrade() -> None:
    for statement in _UP:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop trigger bill_kind_is_kept on bill")
    op.execute("drop index ix_bill_line_order_line_id")
    op.execute("drop index uq_bill_number_of_kind")
    op.execute(
        f"""create unique index uq_bill_number_alike on bill (supplier_id, {_NUMBER}, year)
              where state = 'entered'"""
    )
    op.execute("alter table bill drop column credits_id, drop column kind")
