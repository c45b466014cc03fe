"""What SQL alone could still falsify: written entries and invoices, numbers, open items, periods.

Revision ID: e90
Revises: e80
"""

from alembic import op

revision = "e90"
down_revision = "e80"

_ENTRIES = (
    # E1: what is numbered is written; no line joins it later. E14, E29: whose account it is, a
    # line says on the accounts that documents keep, so that each party and item can be proven.
    """create function lines_are_whole() returns trigger language plpgsql as $$
    begin
      if exists (select from added l join journal_number n on n.entry_id = l.entry_id) then
        raise exception 'a posted entry takes no more lines' using errcode = 'restrict_violation';
      end if;
      if exists (select from added l join account a on a.id = l.account_id
          where (a.role in ('receivable', 'payable') and l.party_id is null)
             or (a.role = 'inventory' and (l.item_id is null or l.warehouse_id is null))) then
        raise exception 'a line on an account that documents keep names its party or its item'
          using errcode = 'check_violation', constraint = 'ck_journal_line_says_whose';
      end if;
      return null;
    end $$""",
    """create trigger journal_line_is_whole after insert on journal_line
      referencing new table as added for each statement execute function lines_are_whole()""",
)

_PERIODS = (
    # E6: what posts nothing, because it is worth nothing, enters no closed period either.
    """create function day_must_be_open(day date, named text) returns void language plpgsql as $$
    declare found_state text;
    begin
      select state into found_state from period where day between starts_on and ends_on for share;
      if found_state is distinct from 'open' then
        raise exception 'the period of % is %', day, coalesce(found_state, 'missing')
          using errcode = 'check_violation', constraint = named;
      end if;
    end $$""",
    """create function moves_are_in_open_periods() returns trigger language plpgsql as $$
    begin
      perform day_must_be_open(d.effective_on, 'ck_stock_move_period_open')
        from (select distinct effective_on from added order by 1) d;
      return null;
    end $$""",
    """create trigger stock_move_in_open_period after insert on stock_move
      referencing new table as added for each statement
      execute function moves_are_in_open_periods()""",
    """create function invoice_is_in_open_period() returns trigger language plpgsql as $$
    begin
      perform day_must_be_open(new.effective_on, 'ck_invoice_period_open');
      return new;
    end $$""",
    """create trigger invoice_in_open_period before insert on invoice
      for each row execute function invoice_is_in_open_period()""",
    """create trigger period_stays_locked before update of state on period
      for each row when (old.state = 'locked' and new.state <> 'locked')
      execute function refuse_change()""",
)

_SERIES = (
    ("invoice_series", "invoice_number", "series"),
    ("journal_series", "journal_number", "fiscal_year_id"),
)
"""A series, its numbers, and what names it."""

_NUMBERS = (
    # E12: a series counts one by one, and at COMMIT each number it counted is somebody's.
    """create function series_counts_on() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' and new.last_number <> 1
        or tg_op = 'UPDATE' and new.last_number <> old.last_number + 1 then
        raise exception '% counts one by one', tg_table_name
          using errcode = 'check_violation', constraint = 'ck_series_counts_on';
      end if;
      return new;
    end $$""",
    """create trigger invoice_series_follows_the_days before update on invoice_series
      for each row when (new.last_on < old.last_on) execute function refuse_change()""",
)


def _series(series: str, numbers: str, name: str) -> tuple[str, ...]:
    return (
        f"""create trigger {series}_counts_on before insert or update on {series}
          for each row execute function series_counts_on()""",
        f"""create function {numbers}_is_taken() returns trigger language plpgsql as $$
        begin
          if not exists (select from {numbers}
              where ({name}, number) = (new.{name}, new.last_number)) then
            raise exception 'nobody has number % of {series}', new.last_number
              using errcode = 'check_violation', constraint = 'ck_{numbers}_is_taken';
          end if;
          return null;
        end $$""",
        f"""create constraint trigger {series}_has_no_gap after insert or update on {series}
          deferrable initially deferred for each row execute function {numbers}_is_taken()""",
        f"""create function {numbers}_is_next() returns trigger language plpgsql as $$
        begin
          if not exists (select from {series}
              where ({name}, last_number) = (new.{name}, new.number)) then
            raise exception 'number % is not the next one of {series}', new.number
              using errcode = 'check_violation', constraint = 'ck_{numbers}_is_next';
          end if;
          return new;
        end $$""",
        f"""create trigger {numbers}_follows before insert on {numbers}
          for each row execute function {numbers}_is_next()""",
    )


_INVOICES = (
    # What is numbered is written, and at COMMIT an invoice is what its lines and taxes come to.
    """create function invoice_parts_are_whole() returns trigger language plpgsql as $$
    begin
      if exists (select from added p join invoice_number n on n.invoice_id = p.invoice_id) then
        raise exception 'an issued invoice takes nothing more'
          using errcode = 'restrict_violation';
      end if;
      return null;
    end $$""",
    """create trigger invoice_line_is_whole after insert on invoice_line
      referencing new table as added for each statement
      execute function invoice_parts_are_whole()""",
    """create trigger invoice_tax_is_whole after insert on invoice_tax
      referencing new table as added for each statement
      execute function invoice_parts_are_whole()""",
    """create function invoice_comes_to_its_parts() returns trigger language plpgsql as $$
    begin
      if new.net <> (select coalesce(sum(l.net), 0) from invoice_line l
          where l.invoice_id = new.id)
        or new.tax <> (select coalesce(sum(t.tax), 0) from invoice_tax t
          where t.invoice_id = new.id)
        or exists (select from invoice_tax t where t.invoice_id = new.id
          and t.base <> (select coalesce(sum(l.net), 0) from invoice_line l
            where (l.invoice_id, l.tax_code) = (new.id, t.tax_code)))
      then
        raise exception 'invoice % is not what its lines come to', new.id
          using errcode = 'check_violation', constraint = 'ck_invoice_comes_to_its_parts';
      end if;
      return null;
    end $$""",
    """create constraint trigger invoice_is_the_sum_of_its_parts after insert on invoice
      deferrable initially deferred for each row execute function invoice_comes_to_its_parts()""",
)

_SETTLED = (
    # E15: at COMMIT, what is open of an item and left of a payment is what allocations left of it.
    """create function allocations_add_up() returns trigger language plpgsql as $$
    declare item uuid; paid uuid;
    begin
      if tg_table_name = 'open_item' then item := new.id;
      elsif tg_table_name = 'payment' then paid := new.id;
      else item := new.open_item_id; paid := new.payment_id;
      end if;
      if exists (select from open_item i where i.id = item
          and i.open_amount <> i.amount - (select coalesce(sum(a.amount), 0) from allocation a
            where a.open_item_id = item))
        or exists (select from payment p where p.id = paid
          and p.unallocated <> p.amount - (select coalesce(sum(a.amount), 0) from allocation a
            where a.payment_id = paid))
        or exists (select from open_item i, payment p where i.id = item and p.id = paid
          and (i.party_id, i.side) is distinct from
            (p.party_id, case p.direction when 'in' then 'receivable' else 'payable' end))
      then
        raise exception 'what is open is not what allocations left of it'
          using errcode = 'check_violation', constraint = 'ck_allocation_adds_up';
      end if;
      return null;
    end $$""",
    """create constraint trigger allocation_adds_up after insert on allocation
      deferrable initially deferred for each row execute function allocations_add_up()""",
    """create constraint trigger open_item_adds_up after insert or update of open_amount
      on open_item deferrable initially deferred for each row
      execute function allocations_add_up()""",
    """create constraint trigger payment_adds_up after insert or update of unallocated
      on payment deferrable initially deferred for each row
      execute function allocations_add_up()""",
)

_KEPT = {
    "open_item": "id, created_at, side, party_id, source_type, source_id, order_id,"
    " effective_on, due_on, amount",
    "payment": "id, created_at, number, kind, direction, party_id, effective_on, amount,"
    " reference, source_id",
    "period": "id, fiscal_year_id, number, starts_on, ends_on",
    "fiscal_year": "id, name, starts_on, ends_on",
    "account": "id, kind, role",
    "invoice_series": "series",
    "journal_series": "fiscal_year_id",
}
"""Table -> what of it is never changed once it is written; nor are its rows removed."""

_FUNCTIONS = (
    *("lines_are_whole", "moves_are_in_open_periods", "invoice_is_in_open_period"),
    *("series_counts_on", "invoice_parts_are_whole", "invoice_comes_to_its_parts"),
    *("allocations_add_up", "invoice_number_is_taken", "invoice_number_is_next"),
    *("journal_number_is_taken", "journal_number_is_next"),
)


def upgrade() -> None:
    for statement in (*_ENTRIES, *_PERIODS, *_NUMBERS, *_INVOICES, *_SETTLED):
        op.execute(statement)
    for one in _SERIES:
        for statement in _series(*one):
            op.execute(statement)
    for table, columns in _KEPT.items():
        op.execute(
            f"""create trigger {table}_is_kept before update of {columns} or delete on {table}
              for each row execute function refuse_change()"""
        )
        op.execute(
            f"""create trigger {table}_is_not_emptied before truncate on {table}
              for each statement execute function refuse_change()"""
        )
    # E22: one bill, however its number is typed.
    op.execute(
        "create unique index uq_bill_number_alike on bill"
        " (supplier_id, upper(supplier_number), year)"
    )


def downgrade() -> None:
    op.execute("drop index uq_bill_number_alike")
    for table in _KEPT:
        op.execute(f"drop trigger {table}_is_kept on {table}")
        op.execute(f"drop trigger {table}_is_not_emptied on {table}")
    op.execute("drop trigger period_stays_locked on period")
    op.execute("drop trigger invoice_series_follows_the_days on invoice_series")
    for function in _FUNCTIONS:
        op.execute(f"drop function {function}() cascade")
    op.execute("drop function day_must_be_open(date, text)")
