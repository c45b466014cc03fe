"""Goods that came back from a customer by mistake of the books are with the customer after all.

Revision ID: e273
Revises: e291
"""

from alembic import op

revision = "e273"
down_revision = "e291"


def upgrade() -> None:
    op.execute("alter table shipment drop constraint ck_shipment_reversed_delivery")
    op.execute(
        """alter table shipment_line add column waived numeric(20, 6) not null default 0,
             add constraint ck_shipment_line_waived_part
               check (waived >= 0 and waived <= quantity) not valid"""
    )
    op.execute("alter table shipment_line validate constraint ck_shipment_line_waived_part")


def downgrade() -> None:
    op.execute("alter table shipment_line drop column waived")
    op.execute(
        """alter table shipment add constraint ck_shipment_reversed_delivery
             check (reversed_on is null or kind = 'delivery') not valid"""
    )
