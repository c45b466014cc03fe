"""No day ends with less than nothing, or with worth and no pieces; no piece leaves before it came.

Revision ID: e93
Revises: e92
"""

from alembic import op

revision = "e93"
down_revision = "e92"

_MOVED = """select m.item_id, l.warehouse_id, m.effective_on as day, m.quantity, m.value
      from {moves} m
      join location l on l.id = m.to_location_id and l.kind = 'internal'
    union all
    select m.item_id, l.warehouse_id, m.effective_on, -m.quantity, -m.value from {moves} m
      join location l on l.id = m.from_location_id and l.kind = 'internal'"""

_COLUMNS = (
    """alter table stock_proof
      add column moved_on date, add column changed_from date, add column proven_from date""",
    "alter table item_valuation add column moved_on date",
    "create index ix_stock_move_item_id_effective_on on stock_move (item_id, effective_on)",
)

WRONG = "({0}.quantity < 0 or {0}.value < 0 or {0}.quantity = 0 and {0}.value <> 0)"

# What was booked before may have ended days wrongly, and is not undone: such an item is proven
# from the first day on after which no day is wrong.
DAYS_OF_BEFORE = (
    f"""with day_end as (
      select s.item_id, s.warehouse_id, s.day, sum(sum(s.quantity)) over since as quantity,
          sum(sum(s.value)) over since as value
        from ({_MOVED.format(moves="stock_move")}) s group by s.item_id, s.warehouse_id, s.day
      window since as (partition by s.item_id, s.warehouse_id order by s.day)),
    wrong as (
      select e.item_id, e.warehouse_id, max(e.day) as day from day_end e
       where {WRONG.format("e")} group by e.item_id, e.warehouse_id),
    told as (
      select e.item_id, e.warehouse_id, max(e.day) as moved_on,
          min(e.day) filter (where e.day > w.day) as proven_from
        from day_end e left join wrong w using (item_id, warehouse_id)
       group by e.item_id, e.warehouse_id)
    update stock_proof p set moved_on = t.moved_on, proven_from = t.proven_from
      from told t where (p.item_id, p.warehouse_id) = (t.item_id, t.warehouse_id)""",
    """update item_valuation v set moved_on = p.moved_on from stock_proof p
      where (v.item_id, v.warehouse_id) = (p.item_id, p.warehouse_id)""",
)

_COUNTED = f"""create or replace function count_moves() returns trigger language plpgsql as $$
    begin
      insert into stock_proof as p
          (item_id, warehouse_id, quantity, value, booked, moved_on, changed_from)
        select s.item_id, s.warehouse_id, sum(s.quantity), sum(s.value), 0, max(s.day), min(s.day)
          from ({_MOVED.format(moves="added")}) s
         group by s.item_id, s.warehouse_id order by s.item_id, s.warehouse_id
        on conflict (item_id, warehouse_id) do update
          set quantity = p.quantity + excluded.quantity, value = p.value + excluded.value,
            moved_on = greatest(p.moved_on, excluded.moved_on),
            changed_from = excluded.changed_from;
      return null;
    end $$"""

_PROMISES = (
    # E27, E30: at COMMIT, from the first day that moves changed, every day has what left on it.
    # Moves dated on or after all others change no other day's end but the last, which is what is
    # on hand: so they are judged only if that is wrong meanwhile, and cost nothing.
    f"""create function days_end_well() returns trigger language plpgsql as $$
    declare wrong date;
    begin
      select min(e.day) into wrong from (
        select c.day,
            p.quantity - coalesce(sum(c.quantity) over later, 0) as quantity,
            p.value - coalesce(sum(c.value) over later, 0) as value
          from stock_proof p
          cross join lateral (
            select m.effective_on as day,
                sum(x.sign * m.quantity) as quantity, sum(x.sign * m.value) as value
              from stock_move m
              join location f on f.id = m.from_location_id
              join location t on t.id = m.to_location_id
              cross join lateral (select
                (t.warehouse_id is not distinct from p.warehouse_id)::int
                - (f.warehouse_id is not distinct from p.warehouse_id)::int as sign) x
             where m.item_id = p.item_id
               and m.effective_on >= greatest(new.changed_from, p.proven_from)
             group by m.effective_on) c
         where (p.item_id, p.warehouse_id) = (new.item_id, new.warehouse_id)
        window later as (order by c.day desc rows between unbounded preceding and 1 preceding)) e
       where {WRONG.format("e")};
      if wrong is not null then
        raise exception 'item % is short on %, or worth something without pieces', new.item_id,
          wrong using errcode = 'check_violation', constraint = 'ck_stock_move_days_end_well';
      end if;
      return null;
    end $$""",
    f"""create constraint trigger stock_days_end_well
      after insert or update of changed_from on stock_proof deferrable initially deferred
      for each row when (new.changed_from < new.moved_on or {WRONG.format("new")})
      execute function days_end_well()""",
    # The version before stores no day of the last move, and goes on while ours is rolled out.
    """create function keep_day_of_move() returns trigger language plpgsql as $$
    begin
      update item_valuation set moved_on = new.moved_on
       where (item_id, warehouse_id) = (new.item_id, new.warehouse_id)
         and moved_on is distinct from new.moved_on;
      return null;
    end $$""",
    """create trigger stock_proof_tells_day after update on stock_proof for each row
      when (new.moved_on is distinct from old.moved_on) execute function keep_day_of_move()""",
    """create trigger new_stock_proof_tells_day after insert on stock_proof for each row
      when (new.moved_on is not null) execute function keep_day_of_move()""",
)

# E28: a piece is in one place on every day, so it moves in the order of its days.
_GOES_ALONG = """create or replace function serial_goes_along() returns trigger
      language plpgsql as $$
    begin
      update serial s set location_id = new.to_location_id, move_id = new.id
       where (item_id, number, location_id) = (new.item_id, new.serial, new.from_location_id){more};
      if not found then
        raise exception 'serial % of item % does not lie where the move takes it from',
          new.serial, new.item_id using errcode = 'check_violation';
      end if;
      return null;
    end $$"""

_IN_ORDER = """
         and not exists (select from stock_move m
           where m.id = s.move_id and m.effective_on > new.effective_on)"""

_AGREES = """create or replace function stock_agrees() returns trigger language plpgsql as $$
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
              or v.value <> coalesce(p.booked, 0){more}
              or v.quantity <> (select coalesce(sum(s.on_hand), 0) from stock_level s
                join location l on l.id = s.location_id and l.warehouse_id = place
                where s.item_id = new.item_id)))
      then
        raise exception 'stock of item % is not what its moves and the books say', new.item_id
          using errcode = 'check_violation', constraint = 'ck_stock_proof_agrees';
      end if;
      return null;
    end $$"""

_WORTH_AGREES = """create constraint trigger item_valuation_agrees after update on item_valuation
      deferrable initially deferred for each row
      when (new.quantity <> old.quantity or new.value <> old.value{more})
      execute function stock_agrees()"""

_MORE_PROOF = "\n              or v.moved_on is distinct from p.moved_on"
_MORE_WORTH = "\n        or new.moved_on is distinct from old.moved_on"


def _judge_worth(proof: str, worth: str) -> None:
    op.execute(_AGREES.replace("{more}", proof))
    op.execute("drop trigger item_valuation_agrees on item_valuation")
    op.execute(_WORTH_AGREES.replace("{more}", worth))


def upgrade() -> None:
    for statement in _COLUMNS:
        op.execute(statement)
    op.execute("alter table stock_proof disable trigger user")
    for statement in DAYS_OF_BEFORE:
        op.execute(statement)
    op.execute("alter table stock_proof enable trigger user")
    op.execute(_COUNTED)
    for statement in _PROMISES:
        op.execute(statement)
    _judge_worth(_MORE_PROOF, _MORE_WORTH)
    op.execute(_GOES_ALONG.replace("{more}", _IN_ORDER))


def downgrade() -> None:
    op.execute(_GOES_ALONG.replace("{more}", ""))
    _judge_worth("", "")
    op.execute("drop function days_end_well() cascade")
    op.execute("drop function if exists keep_day_of_move() cascade")
    op.execute(
        """create or replace function count_moves() returns trigger language plpgsql as $$
    begin
      insert into stock_proof as p (item_id, warehouse_id, quantity, value, booked)
        select s.item_id, s.warehouse_id, sum(s.quantity), sum(s.value), 0
          from ("""
        + _MOVED.format(moves="added")
        + """) s
         group by s.item_id, s.warehouse_id order by s.item_id, s.warehouse_id
        on conflict (item_id, warehouse_id) do update
          set quantity = p.quantity + excluded.quantity, value = p.value + excluded.value;
      return null;
    end $$"""
    )
    op.execute("drop index ix_stock_move_item_id_effective_on")
    op.execute("alter table item_valuation drop column moved_on")
    op.execute(
        "alter table stock_proof drop column moved_on, drop column changed_from,"
        " drop column proven_from"
    )
