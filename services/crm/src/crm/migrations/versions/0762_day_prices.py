"""Lines of quotes keep the price of the day; every quote says on which day it was priced.

Revision ID: 0762
Revises: 0761
"""

from zoneinfo import ZoneInfo

from alembic import context, op
from sqlalchemy import text

from chassis.clock import business_day

revision = "0762"
down_revision = "0761"

UP = (
    """alter table quote_line add column day_price numeric(20, 6)
      constraint ck_quote_line_day_price_not_negative check (day_price >= 0)""",
    # Quotes that were sent are changed by nobody else.
    "alter table quote disable trigger quote_fixed",
)
_PRICED = "update quote set priced_on = coalesce(sent_on, :today) where priced_on is null"
THEN = (
    "alter table quote enable trigger quote_fixed",
    "alter table quote alter column priced_on set not null",
)


def upgrade() -> None:
    """Add the column; quotes of before costs were priced when they were sent, drafts today."""
    for statement in UP:
        op.execute(statement)
    zone = context.config.attributes["service"].settings().zone
    today = business_day(ZoneInfo(zone))
    op.get_bind().execute(text(_PRICED), {"today": today})
    for statement in THEN:
        op.execute(statement)


def downgrade() -> None:
    """Take the column away; the days stay."""
    op.execute("alter table quote alter column priced_on drop not null")
    op.execute("alter table quote_line drop column day_price")
