"""Runs of follow-up plans go with merged records: of two by one plan one is stopped for that.

Revision ID: 0742
Revises: 0741
"""

from alembic import op

revision = "0742"
down_revision = "0741"

_NAME = "ck_follow_up_run_stop_reason_known"
_WORDS = "'reply', 'stage', 'closed', 'by_hand'"


def _check(words: str) -> str:
    return f"alter table follow_up_run add constraint {_NAME} check (stop_reason in ({words}))"


def upgrade() -> None:
    """Let the reason be that records were merged."""
    op.execute(f"alter table follow_up_run drop constraint {_NAME}")
    op.execute(_check(f"{_WORDS}, 'merged'"))


def downgrade() -> None:
    """Say of such runs that they were stopped by hand."""
    op.execute("update follow_up_run set stop_reason = 'by_hand' where stop_reason = 'merged'")
    op.execute(f"alter table follow_up_run drop constraint {_NAME}")
    op.execute(_check(_WORDS))
