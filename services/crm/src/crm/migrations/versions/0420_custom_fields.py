"""Custom fields of records: their definitions, and one column in each table of master data.

Revision ID: 0420
Revises: 0410
"""

from alembic import op

from records.custom.tables import DDL, DROP, add_values, drop_values

revision = "0420"
down_revision = "0410"

_TABLES = ("account", "contact", "product", "product_price", "price_list", "team")


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
