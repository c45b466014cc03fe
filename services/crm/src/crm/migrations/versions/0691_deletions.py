"""Records are deleted by the undo of the import that made them, or by a merge, and else never.

Revision ID: 0691
Revises: 0690
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from records.imports.deletions import DROP_REFUSE_DELETION, deletion_trigger, refuse_deletion

revision = "0691"
down_revision = "0690"

_TABLES = ("account", "contact", "lead", "price_list")
"""Records that the runtime role may delete."""


def upgrade() -> None:
    """Ask at COMMIT whether rows of these tables might be deleted."""
    op.execute(refuse_deletion(merges=True))
    op.execute(PIN_FUNCTIONS)
    for table in _TABLES:
        op.execute(deletion_trigger(table))


def downgrade() -> None:
    """Ask nothing."""
    op.execute(DROP_REFUSE_DELETION)
