"""Records are deleted by the undo of the import that made them and else never.

Revision ID: e661
Revises: e660
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from records.imports.deletions import DROP_REFUSE_DELETION, deletion_trigger, refuse_deletion

revision = "e661"
down_revision = "e660"

_TABLES = ("account", "item_category", "price_list", "supplier_price")
"""Records that the runtime role may delete."""


def upgrade() -> None:
    """Ask at COMMIT whether rows of these tables might be deleted."""
    op.execute(refuse_deletion(merges=False))
    op.execute(PIN_FUNCTIONS)
    for table in _TABLES:
        op.execute(deletion_trigger(table))


def downgrade() -> None:
    """Ask nothing."""
    op.execute(DROP_REFUSE_DELETION)
