"""States go only along the ways that are declared, whoever writes them.

Revision ID: 0690
Revises: 0671
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.states import REFUSE_TRANSITION, transition_trigger

revision = "0690"
down_revision = "0671"

_FOLLOWING: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("activity", "state"): {
        "open": ("cancelled", "done"),
        "done": ("open",),
        "cancelled": ("open",),
    },
    ("customer_order", "state"): {
        "placed": ("cancelled", "rejected"),
        "rejected": ("cancelled", "placed"),
        "cancelled": ("placed", "rejected"),
    },
    ("follow_up_run", "state"): {
        "running": ("finished", "stopped"),
        "finished": (),
        "stopped": (),
    },
    ("lead", "status"): {
        "new": ("converted", "disqualified", "qualified", "working"),
        "working": ("converted", "disqualified", "qualified"),
        "qualified": ("converted", "disqualified", "working"),
        "converted": (),
        "disqualified": ("new",),
    },
    ("opportunity", "state"): {
        "open": ("lost", "won"),
        "won": ("open",),
        "lost": ("open",),
    },
    ("product_price", "status"): {
        "active": ("withdrawn",),
        "withdrawn": ("active",),
    },
    ("quote", "state"): {
        "draft": ("sent",),
        "sent": ("accepted", "declined", "expired", "revoked", "superseded"),
        "accepted": (),
        "declined": (),
        "expired": (),
        "revoked": (),
        "superseded": (),
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
