"""Records of erased persons, of which nothing is kept any more.

Revision ID: 0270
Revises: 0251
"""

from alembic import op

revision = "0270"
down_revision = "0251"


def upgrade() -> None:
    """Make the table."""
    op.execute(
        """create table erased_subject (
          subject uuid not null,
          erased_at timestamptz not null,
          constraint pk_erased_subject primary key (subject)
        )"""
    )


def downgrade() -> None:
    """Take it away."""
    op.execute("drop table erased_subject")
