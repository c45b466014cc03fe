"""Functions name tables of the schema, and an invoice is settled as its open item says.

Revision ID: e520
Revises: e530
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "e520"
down_revision = "e530"

_SETTLED = (
    # E15: at COMMIT, state and open amount of an invoice follow from its open item, and what is
    # credited of it from its credit notes; a credit note stays as it was issued.
    """create function invoice_agrees() returns trigger language plpgsql as $$
    declare its invoice; item open_item; is_bad boolean;
    begin
      if tg_table_name = 'invoice' then
        select * into its from invoice i where i.id = new.id;
        select * into item from open_item o where o.source_id = its.id;
      else
        select * into item from open_item o where o.id = new.id;
        select * into its from invoice i where i.id = item.source_id;
        if not found then return null; end if;
      end if;
      is_bad := item.written_off > 0 and exists (
        select from allocation a join payment p on p.id = a.payment_id and p.kind = 'bad_debt'
         where a.open_item_id = item.id group by p.id having sum(a.amount) > 0);
      if its.kind = 'credit_note' then
        if its.state <> 'issued' or its.open_amount <> 0 or its.credited <> 0 then
          raise exception 'credit note % stays as it was issued', its.id
            using errcode = 'check_violation', constraint = 'ck_invoice_agrees';
        end if;
      elsif its.open_amount <> coalesce(item.open_amount, 0)
        or (item.id is null and its.gross <> 0)
        or its.state <> (case
          when its.credited = its.gross and its.open_amount = 0 and item.id is not null
            then 'credited'
          when its.open_amount = 0 and is_bad then 'written_off'
          when its.open_amount = 0 then 'paid'
          when its.open_amount + item.credited + item.written_off < its.gross then 'partly_paid'
          else 'issued' end)
      then
        raise exception 'invoice % is not settled as its open item says', its.id
          using errcode = 'check_violation', constraint = 'ck_invoice_agrees';
      end if;
      return null;
    end $$""",
    """create constraint trigger new_invoice_agrees after insert on invoice
      deferrable initially deferred for each row execute function invoice_agrees()""",
    """create constraint trigger invoice_agrees after update of state, open_amount, credited
      on invoice deferrable initially deferred for each row execute function invoice_agrees()""",
    """create constraint trigger open_item_agrees after update of open_amount, credited, written_off
      on open_item deferrable initially deferred for each row
      when (new.source_type = 'invoice') execute function invoice_agrees()""",
    # What is credited of an invoice is what its credit notes come to.
    """create function credited_comes_to_its_notes() returns trigger language plpgsql as $$
    declare wanted uuid := coalesce(new.credits_id, new.id);
    begin
      if exists (select from invoice i where i.id = wanted and i.credited <> (
          select coalesce(sum(n.gross), 0) from invoice n where n.credits_id = i.id)) then
        raise exception 'what is credited of invoice % is not what its notes come to', wanted
          using errcode = 'check_violation', constraint = 'ck_invoice_credited';
      end if;
      return null;
    end $$""",
    """create constraint trigger invoice_is_credited_by_notes after insert or update of credited
      on invoice deferrable initially deferred for each row
      execute function credited_comes_to_its_notes()""",
)


def upgrade() -> None:
    """Add the guards; pin what functions name to the schema."""
    for statement in _SETTLED:
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Take the guards away; the release before runs with pinned functions too."""
    op.execute("drop trigger invoice_is_credited_by_notes on invoice")
    op.execute("drop trigger open_item_agrees on open_item")
    op.execute("drop trigger invoice_agrees on invoice")
    op.execute("drop trigger new_invoice_agrees on invoice")
    op.execute("drop function credited_comes_to_its_notes()")
    op.execute("drop function invoice_agrees()")
