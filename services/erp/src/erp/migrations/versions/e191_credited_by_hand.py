"""Order lines know what was credited by hand, and what the customer keeps for nothing.

Revision ID: e191
Revises: e190
"""

from alembic import op

revision = "e191"
down_revision = "e190"

_BEFORE = """check (
  shipped >= 0 and shipped <= quantity and invoiced >= 0 and invoiced <= shipped
  and returned >= 0 and returned <= shipped
  and credited >= 0 and credited <= returned and credited <= invoiced)"""
_NOW = """check (
  shipped >= 0 and shipped <= quantity and returned >= 0 and returned <= shipped
  and credited >= 0 and credited <= invoiced and waived >= 0
  and invoiced - credited + waived <= shipped)"""
_NAME = "ck_sales_order_line_within_ordered"

# What was credited by hand so far is not invoiced anew, and not credited again when it comes back.
_KEPT_FOR_NOTHING = """update sales_order_line l
  set credited = c.quantity, waived = c.quantity - l.credited
  from (select i.order_line_id, sum(i.credited_quantity) as quantity
    from invoice_line i where i.order_line_id is not null and i.credited_quantity > 0
    group by i.order_line_id) c
  where c.order_line_id = l.id and c.quantity > l.credited"""


def upgrade() -> None:
    op.execute(
        f"""alter table sales_order_line add column waived numeric(20, 6) not null default 0,
              drop constraint {_NAME}"""
    )
    op.execute(_KEPT_FOR_NOTHING)
    op.execute(f"alter table sales_order_line add constraint {_NAME} {_NOW} not valid")
    op.execute(f"alter table sales_order_line validate constraint {_NAME}")


def downgrade() -> None:
    op.execute(
        f"""alter table sales_order_line drop constraint {_NAME}, drop column waived,
              add constraint {_NAME} {_BEFORE} not valid"""
    )
