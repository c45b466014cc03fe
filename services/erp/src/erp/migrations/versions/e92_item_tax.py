"""Items may name the tax code they are invoiced with; none: they are not taxed.

Revision ID: e92
Revises: e91
"""

from alembic import op

revision = "e92"
down_revision = "e91"


def upgrade() -> None:
    op.execute(
        """alter table item add column tax_code text
             constraint fk_item_tax_code_tax_code references tax_code (code)"""
    )


def downgrade() -> None:
    op.execute("alter table item drop column tax_code")
