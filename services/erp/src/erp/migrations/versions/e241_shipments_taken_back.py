"""A mistaken shipment can be taken back whole, once.

Revision ID: e241
Revises: e220
"""

from alembic import op

revision = "e241"
down_revision = "e220"

_COLUMNS = (
    """alter table shipment
         add column reversed_on date,
         add column reversal_reason text not null default '',
         add constraint ck_shipment_reversed_delivery
           check (reversed_on is null or kind = 'delivery') not valid,
         add constraint ck_shipment_reversed_after check (reversed_on >= shipped_on) not valid""",
    "alter table shipment validate constraint ck_shipment_reversed_delivery",
    "alter table shipment validate constraint ck_shipment_reversed_after",
    """alter table shipment_line
         add column prepaid numeric(20, 6) not null default 0,
         add constraint ck_shipment_line_prepaid_part
           check (prepaid >= 0 and prepaid <= quantity) not valid""",
    "alter table shipment_line validate constraint ck_shipment_line_prepaid_part",
    "create index ix_shipment_reversed on shipment (created_at, id) where reversed_on is not null",
    """create trigger shipment_stays_reversed before update on shipment for each row
         when (old.reversed_on is not null) execute function refuse_change()""",
)


def upgrade() -> None:
    for statement in _COLUMNS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop trigger shipment_stays_reversed on shipment")
    op.execute("alter table shipment drop column reversed_on, drop column reversal_reason")
    op.execute("alter table shipment_line drop column prepaid")
