"""What we owed when the books were opened stands beside the bills.

Revision ID: e222
Revises: e281
"""

from alembic import op

revision = "e222"
down_revision = "e281"

_KINDS = {"upgrade": "'bill', 'credit_note', 'opening'", "downgrade": "'bill', 'credit_note'"}


def _judge(kinds: str) -> None:
    op.execute(
        f"""alter table bill drop constraint ck_bill_kind_known,
              add constraint ck_bill_kind_known check (kind in ({kinds})) not valid"""
    )
    op.execute("alter table bill validate constraint ck_bill_kind_known")


def upgrade() -> None:
    _judge(_KINDS["upgrade"])


def downgrade() -> None:
    _judge(_KINDS["downgrade"])
