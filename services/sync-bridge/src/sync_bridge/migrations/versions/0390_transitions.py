"""States go only along the ways that are declared, whoever writes them.

Revision ID: 0390
Revises: 0386
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.states import REFUSE_TRANSITION, transition_trigger

revision = "0390"
down_revision = "0386"

_FOLLOWING: dict[tuple[str, str], dict[str, tuple[str, ...]]] = {
    ("comparison", "state"): {
        "reading": ("done",),
        "done": (),
    },
    ("difference", "state"): {
        "open": ("asked",),
        "asked": ("left", "levelled"),
        "levelled": (),
        "left": ("asked",),
    },
    ("inbox", "state"): {
        "received": ("done", "ignored", "quarantined", "skipped"),
        "done": ("received",),
        "ignored": ("received",),
        "unknown": ("received",),
        "quarantined": ("received", "skipped"),
        "skipped": ("received",),
    },
    ("lane", "state"): {
        "idle": ("ready",),
        "ready": ("idle", "parked", "waiting"),
        "waiting": ("idle", "ready"),
        "parked": ("idle", "ready"),
    },
    ("quarantine", "state"): {
        "open": ("dismissed", "released"),
        "released": (),
        "dismissed": (),
    },
    ("review", "state"): {
        "open": ("apart", "created", "linked", "withdrawn"),
        "linked": ("apart", "created"),
        "created": ("apart", "linked", "open"),
        "apart": ("created", "linked"),
        "withdrawn": (),
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
