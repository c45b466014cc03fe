"""Which lots came of which: edges that are written once, whatever act makes them.

Revision ID: e701
Revises: e700
"""

from alembic import op

revision = "e701"
down_revision = "e700"

_TABLE = (
    """create table lot_genealogy (
      from_lot_id uuid not null constraint fk_lot_genealogy_from_lot_id_lot references lot (id),
      to_lot_id uuid not null constraint fk_lot_genealogy_to_lot_id_lot references lot (id),
      quantity numeric(20, 6) not null
        constraint ck_lot_genealogy_quantity_positive check (quantity > 0),
      kind text not null constraint ck_lot_genealogy_kind_known
        check (kind in ('split', 'merge', 'production')),
      source_id uuid not null,
      effective_on date not null,
      recorded_at timestamptz not null,
      actor text not null,
      id uuid not null constraint pk_lot_genealogy primary key,
      constraint ck_lot_genealogy_two_lots check (from_lot_id <> to_lot_id))""",
    "create index ix_lot_genealogy_from_lot_id on lot_genealogy (from_lot_id, to_lot_id)",
    "create index ix_lot_genealogy_to_lot_id on lot_genealogy (to_lot_id, from_lot_id)",
    "create index ix_lot_genealogy_source_id on lot_genealogy (source_id)",
    """create trigger lot_genealogy_is_kept before update or delete on lot_genealogy
      for each row execute function refuse_change()""",
    """create trigger lot_genealogy_is_not_emptied before truncate on lot_genealogy
      for each statement execute function refuse_change()""",
)


def upgrade() -> None:
    """Add the edges."""
    for statement in _TABLE:
        op.execute(statement)


def downgrade() -> None:
    """Take them away."""
    op.execute("drop table lot_genealogy")
