"""Receipts know their lines; goods go back to suppliers, and mistaken receipts are taken back.

Revision ID: e220
Revises: e240
"""

from alembic import op
from sqlalchemy import text

revision = "e220"
down_revision = "e240"

_BATCH = 1_000
_LINE = "purchase_order_line"

_TABLES = (
    "create sequence purchase_return_number_seq",
    """create table purchase_receipt_line (
      id uuid not null,
      purchase_receipt_id uuid not null,
      position smallint not null,
      order_line_id uuid not null,
      item_id uuid not null,
      quantity numeric(20, 6) not null,
      value numeric(20, 4) not null,
      serials text[] not null,
      returned numeric(20, 6) not null,
      returned_value numeric(20, 4) not null,
      constraint pk_purchase_receipt_line primary key (id),
      constraint uq_purchase_receipt_line_purchase_receipt_id_order_line_id
        unique (purchase_receipt_id, order_line_id),
      constraint fk_purchase_receipt_line_purchase_receipt_id_purchase_receipt
        foreign key (purchase_receipt_id) references purchase_receipt (id),
      constraint fk_purchase_receipt_line_order_line_id_purchase_order_line
        foreign key (order_line_id) references purchase_order_line (id),
      constraint fk_purchase_receipt_line_item_id_item
        foreign key (item_id) references item (id),
      constraint ck_purchase_receipt_line_something check (quantity > 0 and value >= 0),
      constraint ck_purchase_receipt_line_returned_of_it check (
        returned >= 0 and returned <= quantity
        and returned_value >= 0 and returned_value <= value
        and (returned < quantity or returned_value = value))
    )""",
    """create table purchase_return (
      id uuid not null,
      number text not null,
      kind text not null,
      purchase_receipt_id uuid not null,
      purchase_order_id uuid not null,
      effective_on date not null,
      reason text not null,
      expected_again boolean not null,
      recorded_at timestamptz not null,
      actor text not null,
      constraint pk_purchase_return primary key (id),
      constraint uq_purchase_return_number unique (number),
      constraint fk_purchase_return_purchase_receipt_id_purchase_receipt
        foreign key (purchase_receipt_id) references purchase_receipt (id),
      constraint fk_purchase_return_purchase_order_id_purchase_order
        foreign key (purchase_order_id) references purchase_order (id),
      constraint ck_purchase_return_kind_known check (kind in ('return', 'reversal'))
    )""",
    """create table purchase_return_line (
      id uuid not null,
      purchase_return_id uuid not null,
      position smallint not null,
      receipt_line_id uuid not null,
      quantity numeric(20, 6) not null,
      value numeric(20, 4) not null,
      cost numeric(20, 4) not null,
      serials text[] not null,
      constraint pk_purchase_return_line primary key (id),
      constraint uq_purchase_return_line_purchase_return_id_position
        unique (purchase_return_id, position),
      constraint fk_purchase_return_line_purchase_return_id_purchase_return
        foreign key (purchase_return_id) references purchase_return (id),
      constraint fk_purchase_return_line_receipt_line_id_purchase_receipt_line
        foreign key (receipt_line_id) references purchase_receipt_line (id),
      constraint ck_purchase_return_line_something
        check (quantity > 0 and value >= 0 and cost >= 0)
    )""",
)
_INDEXES = {
    "ix_purchase_return_purchase_order_id": "purchase_return (purchase_order_id)",
    "ix_purchase_return_purchase_receipt_id": "purchase_return (purchase_receipt_id)",
    "ix_purchase_return_recorded_at": "purchase_return (recorded_at, id)",
    "ix_purchase_return_effective_on": "purchase_return (effective_on, id)",
    "ix_purchase_return_line_receipt_line_id": "purchase_return_line (receipt_line_id)",
}
_ONE_REVERSAL = """create unique index uq_purchase_return_reversal
  on purchase_return (purchase_receipt_id) where kind = 'reversal'"""

_KEPT = {
    "purchase_receipt_line": "update of id, purchase_receipt_id, position, order_line_id,"
    " item_id, quantity, value, serials",
    "purchase_return": "update",
    "purchase_return_line": "update",
}
"""Table -> what of it is never changed once it is written; nor are its rows removed."""

_PROMISES = (
    # What went back of a receipt's line is, at COMMIT, what the returns say together.
    """create function returns_add_up() returns trigger language plpgsql as $$
    declare line uuid;
    begin
      if tg_table_name = 'purchase_return_line' then line := new.receipt_line_id;
      else line := new.id;
      end if;
      if exists (select from purchase_receipt_line l,
            (select coalesce(sum(r.quantity), 0) as quantity, coalesce(sum(r.value), 0) as value
              from purchase_return_line r where r.receipt_line_id = line) r
          where l.id = line and (l.returned <> r.quantity or l.returned_value <> r.value))
      then
        raise exception 'what went back of receipt line % is not what its returns say', line
          using errcode = 'check_violation', constraint = 'ck_purchase_return_adds_up';
      end if;
      return null;
    end $$""",
    """create constraint trigger purchase_return_line_adds_up after insert
      on purchase_return_line deferrable initially deferred for each row
      execute function returns_add_up()""",
    """create constraint trigger purchase_receipt_line_adds_up
      after insert or update of returned, returned_value
      on purchase_receipt_line deferrable initially deferred for each row
      execute function returns_add_up()""",
)

_ORDER_LINES = {
    "not_negative": "quantity >= 0 and unit_price >= 0",
    "in_turn": "received >= 0 and received <= quantity and billed >= 0"
    " and credited >= 0 and credited <= returned"
    " and billed <= received + returned - credited",
    "value_in_turn": "billed_value >= 0 and received_value >= 0"
    " and sign(received_value - billed_value) in (0, sign(received - billed))",
}
_ORDER_LINES_BEFORE = {
    "positive": "quantity > 0 and unit_price >= 0",
    "in_turn": "billed >= 0 and billed <= received and received <= quantity",
    "value_in_turn": "billed_value >= 0 and billed_value <= received_value",
    "cleared": "billed < received or billed_value = received_value",
}

# Which lines of its order came with a receipt: told by its moves where no item stands there twice.
_RECEIPTS = """select r.id from purchase_receipt r where r.id > :after
  order by r.id limit :batch"""
LINES_OF_BEFORE = """insert into purchase_receipt_line (id, purchase_receipt_id, position,
    order_line_id, item_id, quantity, value, serials, returned, returned_value)
  select gen_random_uuid(), r.id,
      row_number() over (partition by r.id order by l.position), l.id, l.item_id, m.quantity,
      m.value, m.serials, 0, 0
    from purchase_receipt r
    join purchase_order_line l on l.purchase_order_id = r.purchase_order_id
    join lateral (select sum(m.quantity) as quantity, sum(m.value) as value,
        coalesce(array_agg(m.serial order by m.id) filter (where m.serial is not null), '{}')
          as serials
      from stock_move m where m.source_id = r.id and m.item_id = l.item_id) m
      on m.quantity is not null
   where r.id = any(cast(:ids as uuid[]))
     and not exists (select from stock_move o join purchase_order_line a
         on a.purchase_order_id = r.purchase_order_id and a.item_id = o.item_id
       join purchase_order_line b
         on b.purchase_order_id = r.purchase_order_id and b.item_id = o.item_id and b.id <> a.id
       where o.source_id = r.id)"""


def upgrade() -> None:
    op.execute(
        f"""alter table {_LINE} add column returned numeric(20, 6) not null default 0,
              add column credited numeric(20, 6) not null default 0"""
    )
    _judge_lines(_ORDER_LINES_BEFORE, _ORDER_LINES)
    for statement in _TABLES:
        op.execute(statement)
    _fill()
    for name, columns in _INDEXES.items():
        op.execute(f"create index {name} on {columns}")
    op.execute(_ONE_REVERSAL)
    for statement in _PROMISES:
        op.execute(statement)
    for table, changes in _KEPT.items():
        op.execute(
            f"""create trigger {table}_is_kept before {changes} or delete on {table}
              for each row execute function refuse_change()"""
        )
        op.execute(
            f"""create trigger {table}_is_not_emptied before truncate on {table}
              for each statement execute function refuse_change()"""
        )


def _judge_lines(before: dict[str, str], after: dict[str, str]) -> None:
    dropped = ", ".join(f"drop constraint ck_{_LINE}_{name}" for name in before)
    op.execute(f"alter table {_LINE} {dropped}")
    for name, rule in after.items():
        op.execute(f"alter table {_LINE} add constraint ck_{_LINE}_{name} check ({rule}) not valid")
    for name in after:
        op.execute(f"alter table {_LINE} validate constraint ck_{_LINE}_{name}")


def _fill() -> None:
    sql, after = op.get_bind(), "00000000-0000-0000-0000-000000000000"
    while ids := sql.scalars(text(_RECEIPTS), {"after": after, "batch": _BATCH}).all():
        sql.execute(text(LINES_OF_BEFORE), {"ids": ids})
        after = ids[-1]


def downgrade() -> None:
    op.execute("drop table purchase_return_line, purchase_return, purchase_receipt_line")
    op.execute("drop function returns_add_up()")
    op.execute("drop sequence purchase_return_number_seq")
    _judge_lines(_ORDER_LINES, _ORDER_LINES_BEFORE)
    op.execute(f"alter table {_LINE} drop column returned, drop column credited")
