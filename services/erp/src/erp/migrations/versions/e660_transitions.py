"""States go only along the ways that are declared, whoever writes them.

Revision ID: e660
Revises: e650
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.states import REFUSE_TRANSITION, transition_trigger

revision = "e660"
down_revision = "e650"

_FOLLOWING: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("bill", "state"): {
        "entered": ("reversed",),
        "reversed": (),
    },
    ("change_request", "state"): {
        "accepted": (),
        "refused": (),
    },
    ("invoice", "state"): {
        "issued": ("credited", "paid", "partly_paid", "written_off"),
        "partly_paid": ("credited", "issued", "paid", "written_off"),
        "paid": ("credited", "issued", "partly_paid"),
        "credited": ("issued", "partly_paid"),
        "written_off": ("credited", "issued", "partly_paid"),
    },
    ("period", "state"): {
        "open": ("closed", "locked"),
        "closed": ("locked", "open"),
        "locked": (),
    },
    ("price", "status"): {
        "active": ("withdrawn",),
        "withdrawn": ("active",),
    },
    ("purchase_order", "state"): {
        "ordered": ("closed", "partly_received", "received"),
        "partly_received": ("closed", "ordered", "received"),
        "received": ("closed", "ordered", "partly_received"),
        "closed": ("ordered", "partly_received", "received"),
    },
    ("purchase_suggestion", "state"): {
        "open": ("ordered", "withdrawn"),
        "ordered": (),
        "withdrawn": (),
    },
    ("sales_order", "state"): {
        "draft": ("cancelled", "confirmed", "on_hold", "rejected"),
        "on_hold": ("cancelled", "confirmed", "on_hold", "rejected"),
        "confirmed": ("cancelled", "completed"),
        "completed": ("confirmed",),
        "cancelled": (),
        "rejected": ("cancelled", "confirmed", "on_hold", "rejected"),
    },
}
"""Table and column -> state -> those that may follow it."""


def upgrade() -> None:
    """Add a trigger for each column that has a state."""
    op.execute(REFUSE_TRANSITION)
    op.execute(PIN_FUNCTIONS)
    for (table, column), following in _FOLLOWING.items():
        op.execute(transition_trigger(table, column, following))


def downgrade() -> None:
    """Let states go any way."""
    op.execute("drop function refuse_transition() cascade")
