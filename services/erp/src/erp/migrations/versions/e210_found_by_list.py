"""Documents are found by kind, day and number; a journal line names a party that exists.

Revision ID: e210
Revises: e170
"""

from alembic import op

revision = "e210"
down_revision = "e170"

_INDEXES = {
    "ix_shipment_kind_created_at": "shipment (kind, created_at, id)",
    "ix_shipment_shipped_on": "shipment (shipped_on, id)",
    "ix_purchase_receipt_recorded_at": "purchase_receipt (recorded_at, id)",
    "ix_purchase_receipt_effective_on": "purchase_receipt (effective_on, id)",
    "ix_stock_move_source_type_recorded_at": "stock_move (source_type, recorded_at, id)",
    "ix_stock_move_effective_on": "stock_move (effective_on, id)",
    "ix_bill_number_read": "bill"
    " (split_part(coalesce(number_key, lower(supplier_number)), ' ', 1))",
}
# What was written before is not judged: it is written once, and never changed.
_PARTY_EXISTS = (
    """create function journal_line_party_exists() returns trigger language plpgsql as $$
    begin
      if exists (select from added a where a.party_id is not null
          and not exists (select from customer c where c.id = a.party_id)
          and not exists (select from supplier s where s.id = a.party_id)) then
        raise exception 'a journal line names a party that is neither customer nor supplier'
          using errcode = 'foreign_key_violation', constraint = 'fk_journal_line_party_id_party';
      end if;
      return null;
    end $$""",
    """create trigger journal_line_party_exists after insert on journal_line
         referencing new table as added
         for each statement execute function journal_line_party_exists()""",
)


def upgrade() -> None:
    for name, columns in _INDEXES.items():
        op.execute(f"create index {name} on {columns}")
    for statement in _PARTY_EXISTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop trigger journal_line_party_exists on journal_line")
    op.execute("drop function journal_line_party_exists()")
    for name in _INDEXES:
        op.execute(f"drop index {name}")
