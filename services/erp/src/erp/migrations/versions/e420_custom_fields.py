"""Custom fields of records: their definitions, and one column in each table of master data.

Revision ID: e420
Revises: e410
"""

from alembic import op

from records.custom.tables import DDL, DROP, add_values, drop_values

revision = "e420"
down_revision = "e410"

_TABLES = (
    "customer",
    "supplier",
    "item",
    "item_category",
    "price",
    "price_list",
    "account",
    "supplier_price",
)


def upgrade() -> None:
    """Make the tables, and add the columns, which are empty."""
    for statement in DDL:
        op.execute(statement)
    for table in _TABLES:
        for statement in add_values(table):
            op.execute(statement)


def downgrade() -> None:
    """Take them away."""
    for table in _TABLES:
        for statement in drop_values(table):
            op.execute(statement)
    for statement in DROP:
        op.execute(statement)
