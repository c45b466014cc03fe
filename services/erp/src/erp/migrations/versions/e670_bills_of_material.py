"""Bills of material: revisions, components, by-products; no item is made of itself.

Revision ID: e670
Revises: e661
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.states import transition_trigger

revision = "e670"
down_revision = "e661"

_PERIOD = "check (effective_to >= effective_from)"
_TABLES = (
    f"""create table bill_of_material (
      item_id uuid not null constraint fk_bill_of_material_item_id_item references item (id),
      label text not null constraint ck_bill_of_material_label_given check (label <> ''),
      quantity numeric(20, 6) not null
        constraint ck_bill_of_material_quantity_positive check (quantity > 0),
      kind text not null
        constraint ck_bill_of_material_kind_known check (kind in ('manufactured', 'phantom')),
      effective_from date,
      effective_to date,
      note text not null,
      status text not null constraint ck_bill_of_material_status_known
        check (status in ('draft', 'active', 'archived')),
      activated_in bigint,
      custom jsonb default '{{}}' not null constraint ck_bill_of_material_custom_object
        check (jsonb_typeof(custom) = 'object'),
      id uuid not null constraint pk_bill_of_material primary key,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      constraint uq_bill_of_material_item_id_label unique (item_id, label),
      constraint ck_bill_of_material_period_in_order {_PERIOD},
      constraint ex_bill_of_material_overlap exclude using gist (
        item_id with =, daterange(effective_from, effective_to, '[]') with &&)
        where (status = 'active'))""",
    "create index ix_bill_of_material_created_at on bill_of_material (created_at, id)",
    "create index ix_bill_of_material_updated_at on bill_of_material (updated_at, id)",
    """create index ix_bill_of_material_item_id_created_at
      on bill_of_material (item_id, created_at, id)""",
    """create index ix_bill_of_material_status_created_at
      on bill_of_material (status, created_at, id)""",
    """create index ix_bill_of_material_custom on bill_of_material
      using gin (custom jsonb_path_ops) where custom <> '{}'""",
    f"""create table bill_of_material_line (
      bill_of_material_id uuid not null
        constraint fk_bill_of_material_line_bill_of_material_id_bill_of_material
        references bill_of_material (id) on delete cascade,
      position smallint not null,
      item_id uuid not null constraint fk_bill_of_material_line_item_id_item references item (id),
      quantity numeric(20, 6) not null
        constraint ck_bill_of_material_line_quantity_positive check (quantity > 0),
      unit text not null constraint fk_bill_of_material_line_unit_unit references unit (code),
      numerator bigint not null,
      denominator bigint not null,
      scrap numeric(7, 6) not null
        constraint ck_bill_of_material_line_scrap_range check (scrap >= 0 and scrap < 1),
      effective_from date,
      effective_to date,
      alternate_group text not null,
      priority smallint not null
        constraint ck_bill_of_material_line_priority_positive check (priority >= 1),
      phantom boolean,
      id uuid not null constraint pk_bill_of_material_line primary key,
      constraint uq_bill_of_material_line_bill_of_material_id_position
        unique (bill_of_material_id, position),
      constraint ck_bill_of_material_line_ratio_positive
        check (numerator > 0 and denominator > 0),
      constraint ck_bill_of_material_line_period_in_order {_PERIOD})""",
    """create index ix_bill_of_material_line_item_id
      on bill_of_material_line (item_id, bill_of_material_id)""",
    """create table bill_of_material_by_product (
      bill_of_material_id uuid not null
        constraint fk_bill_of_material_by_product_bill_of_material_id_bill_71ae
        references bill_of_material (id) on delete cascade,
      position smallint not null,
      item_id uuid not null
        constraint fk_bill_of_material_by_product_item_id_item references item (id),
      quantity numeric(20, 6) not null
        constraint ck_bill_of_material_by_product_quantity_positive check (quantity > 0),
      cost_share numeric(7, 6) not null constraint ck_bill_of_material_by_product_cost_share_range
        check (cost_share >= 0 and cost_share < 1),
      id uuid not null constraint pk_bill_of_material_by_product primary key,
      constraint uq_bill_of_material_by_product_bill_of_material_id_position
        unique (bill_of_material_id, position))""",
    """create index ix_bill_of_material_by_product_item_id
      on bill_of_material_by_product (item_id)""",
)
_FIXED = (
    """create function bill_of_material_stays() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' or old.status = 'draft' then
        new.activated_in := case when new.status <> 'draft'
          then pg_current_xact_id()::text::bigint end;
        return new;
      end if;
      new.activated_in := old.activated_in;
      if (new.item_id, new.label, new.quantity, new.kind)
          is distinct from (old.item_id, old.label, old.quantity, old.kind) then
        raise exception 'the bill of material % was activated: its content stays', old.id
          using errcode = 'restrict_violation', constraint = tg_name;
      end if;
      return new;
    end $$""",
    """create trigger bill_of_material_stays before insert or update on bill_of_material
      for each row execute function bill_of_material_stays()""",
    """create function bill_of_material_part_stays() returns trigger language plpgsql as $$
    declare bill uuid;
    begin
      foreach bill in array array_remove(array[
          case when tg_op <> 'INSERT' then old.bill_of_material_id end,
          case when tg_op <> 'DELETE' then new.bill_of_material_id end], null) loop
        if exists (select from bill_of_material b where b.id = bill and b.status <> 'draft'
            and b.activated_in is distinct from pg_current_xact_id()::text::bigint) then
          raise exception 'the bill of material % was activated: its content stays', bill
            using errcode = 'restrict_violation', constraint = tg_name;
        end if;
      end loop;
      return coalesce(new, old);
    end $$""",
    *(
        f"""create trigger {table}_stays before insert or update or delete on {table}
          for each row execute function bill_of_material_part_stays()"""
        for table in ("bill_of_material_line", "bill_of_material_by_product")
    ),
)
_CYCLES = (
    # One transaction at a time looks: two could close a cycle that neither of them sees.
    """create function bill_of_material_is_no_cycle() returns trigger language plpgsql as $$
    declare bill uuid; begun uuid[]; made uuid;
    begin
      perform pg_advisory_xact_lock(hashtextextended('bill_of_material', 1));
      if tg_table_name = 'bill_of_material' then
        bill := new.id;
        select array_agg(l.item_id) into begun
          from bill_of_material_line l where l.bill_of_material_id = bill;
      else
        bill := new.bill_of_material_id;
        begun := array[new.item_id];
      end if;
      select b.item_id into made from bill_of_material b
        where b.id = bill and b.status <> 'archived';
      if made is not null and exists (
        with recursive below(item_id) as (
          select unnest(begun)
          union
          select l.item_id from below
            join bill_of_material b on b.item_id = below.item_id and b.status <> 'archived'
            join bill_of_material_line l on l.bill_of_material_id = b.id)
        select from below where below.item_id = made) then
        raise exception 'the item % would be made of itself', made
          using errcode = 'restrict_violation', constraint = tg_name;
      end if;
      return null;
    end $$""",
    """create constraint trigger bill_of_material_line_is_no_cycle
      after insert or update of item_id, bill_of_material_id on bill_of_material_line
      deferrable initially deferred for each row execute function bill_of_material_is_no_cycle()""",
    """create constraint trigger bill_of_material_is_no_cycle
      after update of item_id, status on bill_of_material
      deferrable initially deferred for each row execute function bill_of_material_is_no_cycle()""",
)
_SHARES = (
    """create function bill_of_material_bears_cost() returns trigger language plpgsql as $$
    begin
      if (select sum(p.cost_share) from bill_of_material_by_product p
          where p.bill_of_material_id = new.bill_of_material_id) >= 1 then
        raise exception 'by-products of % bear all of the cost', new.bill_of_material_id
          using errcode = 'check_violation', constraint = tg_name;
      end if;
      return null;
    end $$""",
    """create constraint trigger bill_of_material_bears_cost
      after insert or update on bill_of_material_by_product
      deferrable initially deferred for each row execute function bill_of_material_bears_cost()""",
)
_FOLLOWING = {"draft": ("active", "archived"), "active": ("archived",), "archived": ("active",)}
_FUNCTIONS = (
    "bill_of_material_stays",
    "bill_of_material_part_stays",
    "bill_of_material_is_no_cycle",
    "bill_of_material_bears_cost",
)


def upgrade() -> None:
    """Add the tables, and what they promise."""
    for statement in (*_TABLES, *_FIXED, *_CYCLES, *_SHARES, PIN_FUNCTIONS):
        op.execute(statement)
    op.execute(transition_trigger("bill_of_material", "status", _FOLLOWING))


def downgrade() -> None:
    """Take them away."""
    for table in ("bill_of_material_by_product", "bill_of_material_line", "bill_of_material"):
        op.execute(f"drop table {table}")
    for function in _FUNCTIONS:
        op.execute(f"drop function {function}()")
