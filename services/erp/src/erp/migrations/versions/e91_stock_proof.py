"""What moves and books say of stock, summed up by the database, beside what is stored of it.

Revision ID: e91
Revises: e90
"""

from alembic import op

revision = "e91"
down_revision = "e90"

_MOVED = """select m.item_id, l.warehouse_id, m.quantity, m.value from {moves} m
      join location l on l.id = m.to_location_id and l.kind = 'internal'
    union all
    select m.item_id, l.warehouse_id, -m.quantity, -m.value from {moves} m
      join location l on l.id = m.from_location_id and l.kind = 'internal'"""

_BOOKED = """select l.item_id, l.warehouse_id, sum(l.debit - l.credit)
    from {lines} l join account a on a.id = l.account_id and a.role = 'inventory'
    where l.item_id is not null and l.warehouse_id is not null
    group by l.item_id, l.warehouse_id order by l.item_id, l.warehouse_id"""


def count_moves_of(moves: str) -> str:
    return f"""insert into stock_proof as p (item_id, warehouse_id, quantity, value, booked)
      select s.item_id, s.warehouse_id, sum(s.quantity), sum(s.value), 0
        from ({_MOVED.format(moves=moves)}) s
       group by s.item_id, s.warehouse_id order by s.item_id, s.warehouse_id
      on conflict (item_id, warehouse_id) do update
        set quantity = p.quantity + excluded.quantity, value = p.value + excluded.value"""


def count_lines_of(lines: str) -> str:
    return f"""insert into stock_proof as p (item_id, warehouse_id, booked, quantity, value)
      select one.*, 0, 0 from ({_BOOKED.format(lines=lines)}) one
      on conflict (item_id, warehouse_id) do update set booked = p.booked + excluded.booked"""


_TABLE = """create table stock_proof (
      item_id uuid not null,
      warehouse_id uuid not null,
      quantity numeric(20, 6) not null,
      value numeric(20, 4) not null,
      booked numeric(20, 4) not null,
      constraint pk_stock_proof primary key (item_id, warehouse_id),
      constraint fk_stock_proof_item_id_item foreign key (item_id) references item (id),
      constraint fk_stock_proof_warehouse_id_warehouse
        foreign key (warehouse_id) references warehouse (id)
    )"""

_PROMISES = (
    # Only moves and entries count it, by these triggers.
    f"""create function count_moves() returns trigger language plpgsql as $$
    begin
      {count_moves_of("added")};
      return null;
    end $$""",
    """create trigger stock_move_is_counted after insert on stock_move
      referencing new table as added for each statement execute function count_moves()""",
    f"""create function count_stock_lines() returns trigger language plpgsql as $$
    begin
      {count_lines_of("added")};
      return null;
    end $$""",
    """create trigger journal_line_counts_stock after insert on journal_line
      referencing new table as added for each statement execute function count_stock_lines()""",
    """create trigger stock_proof_is_counted_only before insert or update on stock_proof
      for each row when (pg_trigger_depth() = 0) execute function refuse_change()""",
    """create trigger stock_proof_is_kept before delete on stock_proof
      for each row execute function refuse_change()""",
    """create trigger stock_proof_is_not_emptied before truncate on stock_proof
      for each statement execute function refuse_change()""",
    """create trigger stock_level_is_kept before delete on stock_level
      for each row execute function refuse_change()""",
    """create trigger item_valuation_is_kept before delete on item_valuation
      for each row execute function refuse_change()""",
    # E24, E29: at COMMIT, on hand and worth are what moves say, and worth is what the books say.
    """create function stock_agrees() returns trigger language plpgsql as $$
    declare place uuid;
    begin
      if tg_table_name = 'stock_level' then
        select warehouse_id into place from location where id = new.location_id;
      else
        place := new.warehouse_id;
      end if;
      if exists (select from item_valuation v
          left join stock_proof p using (item_id, warehouse_id)
          where (v.item_id, v.warehouse_id) = (new.item_id, place)
            and (v.quantity <> coalesce(p.quantity, 0) or v.value <> coalesce(p.value, 0)
              or v.value <> coalesce(p.booked, 0)
              or v.quantity <> (select coalesce(sum(s.on_hand), 0) from stock_level s
                join location l on l.id = s.location_id and l.warehouse_id = place
                where s.item_id = new.item_id)))
      then
        raise exception 'stock of item % is not what its moves and the books say', new.item_id
          using errcode = 'check_violation', constraint = 'ck_stock_proof_agrees';
      end if;
      return null;
    end $$""",
    """create constraint trigger stock_proof_agrees after insert or update on stock_proof
      deferrable initially deferred for each row execute function stock_agrees()""",
    """create constraint trigger stock_level_agrees after update on stock_level
      deferrable initially deferred for each row
      when (new.on_hand <> old.on_hand) execute function stock_agrees()""",
    """create constraint trigger new_stock_level_agrees after insert on stock_level
      deferrable initially deferred for each row
      when (new.on_hand <> 0) execute function stock_agrees()""",
    """create constraint trigger item_valuation_agrees after update on item_valuation
      deferrable initially deferred for each row
      when (new.quantity <> old.quantity or new.value <> old.value)
      execute function stock_agrees()""",
    """create constraint trigger new_item_valuation_agrees after insert on item_valuation
      deferrable initially deferred for each row
      when (new.quantity <> 0 or new.value <> 0) execute function stock_agrees()""",
)


def upgrade() -> None:
    op.execute(_TABLE)
    op.execute(count_moves_of("stock_move"))
    op.execute(count_lines_of("journal_line"))
    for statement in _PROMISES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("drop trigger stock_level_is_kept on stock_level")
    op.execute("drop trigger item_valuation_is_kept on item_valuation")
    for function in ("stock_agrees", "count_moves", "count_stock_lines"):
        op.execute(f"drop function {function}() cascade")
    op.execute("drop table stock_proof")
