"""Invoices and bills are asked for, and sorted by, what is left of them; bills keep it.

Revision ID: e581
Revises: e580
"""

from uuid import UUID

from alembic import op
from sqlalchemy import text

from chassis.schema.rights import PIN_FUNCTIONS

revision = "e581"
down_revision = "e580"

_BATCH = 2_000
TAKE_OVER = """with batch as (select id from bill where id > :after order by id limit :batch),
  changed as (update bill b set open_amount = o.open_amount
    from batch join open_item o on o.source_id = batch.id where b.id = batch.id)
  select id from batch order by id desc limit 1"""

_KEPT = (
    # E15: what is left of a bill is what is left of its open item, whichever is written first.
    """create function bill_is_left_as_its_item() returns trigger language plpgsql as $$
    begin
      update bill set open_amount = new.open_amount
       where id = new.source_id and open_amount <> new.open_amount;
      return null;
    end $$""",
    """create trigger bill_is_left_as_its_item after insert or update of open_amount on open_item
      for each row when (new.source_type = 'bill') execute function bill_is_left_as_its_item()""",
    """create function bill_begins_as_its_item() returns trigger language plpgsql as $$
    begin
      new.open_amount := coalesce((select o.open_amount from open_item o
        where o.source_id = new.id and o.source_type = 'bill'), 0);
      return new;
    end $$""",
    """create trigger bill_begins_as_its_item before insert on bill
      for each row execute function bill_begins_as_its_item()""",
)


def upgrade() -> None:
    """Let bills keep what is left of them; index it, of invoices too."""
    op.execute("alter table bill add column open_amount numeric(20, 4) not null default 0")
    # A bill that was taken back settles its item afterwards.
    op.execute("drop trigger bill_stays_reversed on bill")
    connection = op.get_bind()
    after: UUID | None = UUID(int=0)
    while after:
        given = {"after": after, "batch": _BATCH}
        after = connection.execute(text(TAKE_OVER), given).scalar()
    op.execute("""create trigger bill_stays_reversed before update on bill for each row
      when (old.state = 'reversed'
        and to_jsonb(old) - 'open_amount' <> to_jsonb(new) - 'open_amount')
      execute function refuse_change()""")
    op.execute(
        "alter table bill add constraint ck_bill_open_within_gross"
        " check (open_amount >= 0 and open_amount <= gross)"
    )
    op.execute("create index ix_bill_open_amount on bill (open_amount, id)")
    op.execute("create index ix_invoice_open_amount on invoice (open_amount, id)")
    for statement in _KEPT:
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Take it away."""
    op.execute("drop trigger bill_is_left_as_its_item on open_item")
    op.execute("drop trigger bill_begins_as_its_item on bill")
    op.execute("drop function bill_is_left_as_its_item()")
    op.execute("drop function bill_begins_as_its_item()")
    op.execute("drop index ix_invoice_open_amount")
    op.execute("drop trigger bill_stays_reversed on bill")
    op.execute("alter table bill drop column open_amount")
    op.execute("""create trigger bill_stays_reversed before update on bill for each row
      when (old.state = 'reversed') execute function refuse_change()""")
