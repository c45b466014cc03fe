"""A write-off tells that it was taken back, since when and why; a payment is found by its acts.

What was taken back before is noted from the books: write-offs are few.

Revision ID: e301
Revises: e235
"""

from alembic import op

revision = "e301"
down_revision = "e235"

RULES = {
    "reversed_write_off": "reversed_on is null or kind in ('small_difference', 'bad_debt')",
    "reversed_after": "reversed_on >= effective_on",
    "reversed_for_a_reason": "reversed_on is not null or reversal_reason = ''",
}
INDEXES = (
    "create index ix_payment_reversed on payment (created_at, id) where reversed_on is not null",
    """create index ix_open_item_payment_number on open_item (document_number)
         where source_type in ('refund', 'payment_rest', 'write_off_reversal')""",
)
TAKEN_BACK = """update payment p set reversed_on = i.effective_on, reversal_reason = coalesce(
    (select r.memo from journal_entry e join journal_entry r on r.reverses_id = e.id
      where e.source_id = p.id order by r.id limit 1), '')
  from open_item i join allocation a on a.open_item_id = i.id
  where i.source_type = 'write_off_reversal' and a.payment_id = p.id"""


def upgrade() -> None:
    """Add what was taken back, note it, and judge it from now on."""
    op.execute(
        """alter table payment add column reversed_on date,
             add column reversal_reason text not null default ''"""
    )
    op.execute(TAKEN_BACK)
    for name, rule in RULES.items():
        op.execute(f"alter table payment add constraint ck_payment_{name} check ({rule})")
    for index in INDEXES:
        op.execute(index)


def downgrade() -> None:
    """Forget that write-offs were taken back: the books and allocations still tell it."""
    op.execute("drop index ix_open_item_payment_number")
    op.execute("alter table payment drop column reversed_on, drop column reversal_reason")
