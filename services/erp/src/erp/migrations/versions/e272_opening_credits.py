"""Credits that customers had, and we had with suppliers, are taken over when books are opened.

Revision ID: e272
Revises: e271
"""

from alembic import op

revision = "e272"
down_revision = "e271"

_RECEIVABLE = "opening_receivable"
_KEPT = """id, created_at, customer_id, number, number_key, issued_on,
        due_on, effective_on, currency, amount"""


def upgrade() -> None:
    op.execute(
        f"""alter table {_RECEIVABLE} add column kind text not null default 'debt',
              add constraint ck_{_RECEIVABLE}_kind_known check (kind in ('debt', 'credit'))"""
    )
    _keep(f"{_KEPT}, kind")
    op.execute("alter table bill add column opening boolean not null default false")
    op.execute("update bill set opening = true where kind = 'opening'")
    op.execute(
        """alter table bill add constraint ck_bill_opening_of_kind
             check (opening = (kind = 'opening') or kind = 'credit_note') not valid"""
    )
    op.execute("alter table bill validate constraint ck_bill_opening_of_kind")
    op.execute("create index ix_bill_opening on bill (created_at, id) where opening")


def _keep(columns: str) -> None:
    op.execute(f"drop trigger {_RECEIVABLE}_is_kept on {_RECEIVABLE}")
    op.execute(
        f"""create trigger {_RECEIVABLE}_is_kept before delete or update of {columns}
              on {_RECEIVABLE} for each row execute function refuse_change()"""
    )


def downgrade() -> None:
    op.execute("alter table bill drop column opening")
    _keep(_KEPT)
    op.execute(f"alter table {_RECEIVABLE} drop column kind")
