"""Goods that were sent back to a supplier by mistake are here after all: a return is taken back.

Revision ID: e271
Revises: e270
"""

from alembic import op

revision = "e271"
down_revision = "e270"

_RETURN, _LINE = "purchase_return", "purchase_return_line"
_KEPT = """id, number, kind, purchase_receipt_id, purchase_order_id, effective_on, reason,
  expected_again, recorded_at, actor"""

# What a return cleared is what it took off goods not billed, in all that it posted of an item.
CLEARED_BEFORE = f"""update {_LINE} l set cleared = n.cleared, billed = n.billed,
    dropped = n.dropped
  from (select l.id,
      case when row_number() over item > 1 then l.value
        else coalesce(p.amount, 0) - sum(l.value) over item + l.value end as cleared,
      least(l.quantity, greatest(o.billed - o.received, 0)) as billed,
      case when r.expected_again or r.kind = 'reversal' or h.state = 'closed' and exists (
          select from purchase_order_line a
            where a.purchase_order_id = h.id and a.quantity > 0)
        then 0 else l.quantity end as dropped
    from {_LINE} l join {_RETURN} r on r.id = l.purchase_return_id
    join purchase_receipt_line c on c.id = l.receipt_line_id
    join purchase_order_line o on o.id = c.order_line_id
    join purchase_order h on h.id = r.purchase_order_id
    left join lateral (select sum(j.debit - j.credit) as amount
      from journal_entry e join journal_line j on j.entry_id = e.id
      join account a on a.id = j.account_id and a.role = 'grni'
      where e.source_id = r.id and j.item_id = c.item_id) p on true
    window item as (partition by l.purchase_return_id, c.item_id order by l.position
      rows between unbounded preceding and unbounded following)) n
  where l.id = n.id"""

ADDS_UP = """create or replace function returns_add_up() returns trigger language plpgsql as $$
  declare lines uuid[]; wrong uuid;
  begin
    if tg_table_name = 'purchase_return_line' then lines := array[new.receipt_line_id];
    elsif tg_table_name = 'purchase_return' then
      lines := array(select l.receipt_line_id from purchase_return_line l
        where l.purchase_return_id = new.id);
    else lines := array[new.id];
    end if;
    select l.id into wrong from purchase_receipt_line l,
        lateral (select coalesce(sum(r.quantity), 0) as quantity,
            coalesce(sum(r.value), 0) as value
          from purchase_return_line r
          join purchase_return t on t.id = r.purchase_return_id and t.reversed_on is null
          where r.receipt_line_id = l.id) r
      where l.id = any(lines) and (l.returned <> r.quantity or l.returned_value <> r.value)
      limit 1;
    if wrong is not null then
      raise exception 'what went back of receipt line % is not what its returns say', wrong
        using errcode = 'check_violation', constraint = 'ck_purchase_return_adds_up';
    end if;
    return null;
  end $$"""
_ADDED_UP = """create or replace function returns_add_up() returns trigger language plpgsql as $$
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
  end $$"""


def upgrade() -> None:
    op.execute(
        f"""alter table {_RETURN} add column reversed_on date,
              add column reversal_id uuid,
              add column reversal_reason text not null default '',
              add constraint ck_{_RETURN}_reversed_return
                check (reversed_on is null or kind = 'return'),
              add constraint ck_{_RETURN}_reversed_as check (
                (reversed_on is null) = (reversal_id is null)),
              add constraint ck_{_RETURN}_reversed_after check (reversed_on >= effective_on)"""
    )
    op.execute(
        f"""alter table {_LINE} add column cleared numeric(20, 4) not null default 0,
              add column billed numeric(20, 6) not null default 0,
              add column dropped numeric(20, 6) not null default 0"""
    )
    op.execute(f"alter table {_LINE} disable trigger {_LINE}_is_kept")
    op.execute(CLEARED_BEFORE)
    op.execute(f"alter table {_LINE} enable trigger {_LINE}_is_kept")
    op.execute(
        f"""alter table {_LINE} add constraint ck_{_LINE}_parts check (cleared >= 0
              and billed >= 0 and billed <= quantity and dropped in (0, quantity))"""
    )
    _keep(f"update of {_KEPT}")
    op.execute(ADDS_UP)
    op.execute(
        f"""create constraint trigger {_RETURN}_adds_up after update of reversed_on
              on {_RETURN} deferrable initially deferred for each row
              execute function returns_add_up()"""
    )


def _keep(changes: str) -> None:
    op.execute(f"drop trigger {_RETURN}_is_kept on {_RETURN}")
    op.execute(
        f"""create trigger {_RETURN}_is_kept before {changes} or delete on {_RETURN}
              for each row execute function refuse_change()"""
    )


def downgrade() -> None:
    op.execute(f"drop trigger {_RETURN}_adds_up on {_RETURN}")
    op.execute(_ADDED_UP)
    _keep("update")
    op.execute(f"alter table {_RETURN} drop column reversed_on, drop column reversal_id")
    op.execute(f"alter table {_RETURN} drop column reversal_reason")
    op.execute(f"alter table {_LINE} drop column cleared, drop column billed, drop column dropped")
