"""An order line may be invoiced before it is shipped, never more of it than is ordered.

Revision ID: e240
Revises: e261
"""

from alembic import op

revision = "e240"
down_revision = "e261"

_RULE = """check (
  shipped >= 0 and shipped <= quantity and returned >= 0 and returned <= shipped
  and credited >= 0 and credited <= invoiced and waived >= 0
  and invoiced - credited + waived <= {most})"""
_NAME = "ck_sales_order_line_within_ordered"


def upgrade() -> None:
    _bind("quantity")
    op.execute(f"alter table sales_order_line validate constraint {_NAME}")


def downgrade() -> None:
    # What was invoiced before delivery meanwhile stays: older rows are not judged anew.
    _bind("shipped")


def _bind(most: str) -> None:
    op.execute(
        f"""alter table sales_order_line drop constraint {_NAME},
              add constraint {_NAME} {_RULE.format(most=most)} not valid"""
    )
