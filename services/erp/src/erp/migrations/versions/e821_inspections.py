"""Inspections, and what is withheld of items without lots.

Revision ID: e821
Revises: e820
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "e821"
down_revision = "e820"

_HOLDS = (
    "alter table stock_level drop constraint ck_stock_level_lots_restricted",
    """create table stock_hold (
      id uuid not null constraint pk_stock_hold primary key,
      item_id uuid not null constraint fk_stock_hold_item_id_item references item (id),
      source_id uuid not null,
      serial text,
      quantity numeric(20, 6) not null
        constraint ck_stock_hold_quantity_positive check (quantity > 0),
      constraint ck_stock_hold_serial_is_one check (serial is null or quantity = 1),
      constraint fk_stock_hold_item_id_serial_serial
        foreign key (item_id, serial) references serial (item_id, number))""",
    "create index ix_stock_hold_source_id on stock_hold (source_id)",
    "create index ix_stock_hold_item_id on stock_hold (item_id, id)",
    """create unique index uq_stock_hold_serial on stock_hold (item_id, serial)
      where serial is not null""",
    """create unique index uq_stock_hold_source_id_item_id on stock_hold (item_id, source_id)
      where serial is null""",
    # E64: at COMMIT what a level has as restricted is what is withheld of its item. Of many rows
    # that a transaction has written the last one is the one that proves it.
    """create function holds_are_restricted() returns trigger language plpgsql as $$
    declare one uuid;
    begin
      one := case when tg_op = 'DELETE' then old.item_id else new.item_id end;
      if tg_table_name = 'stock_hold' and tg_op <> 'DELETE' then
        if exists (select from stock_hold h where h.item_id = one and h.id > new.id
            and h.xmin = pg_current_xact_id()::xid) then
          return null;
        end if;
      end if;
      if exists (select from stock_level v where v.item_id = one and v.tracking <> 'lot'
          and v.restricted <> (select coalesce(sum(h.quantity), 0) from stock_hold h
            where h.item_id = one)) then
        raise exception 'what is withheld of item % is not what its level has', one
          using errcode = 'check_violation', constraint = 'ck_stock_hold_adds_up';
      end if;
      return null;
    end $$""",
    """create constraint trigger stock_hold_adds_up after insert or update or delete on stock_hold
      deferrable initially deferred for each row execute function holds_are_restricted()""",
    """create constraint trigger stock_level_withholds_new after insert on stock_level
      deferrable initially deferred for each row when (new.restricted <> 0)
      execute function holds_are_restricted()""",
    """create constraint trigger stock_level_withholds after update on stock_level
      deferrable initially deferred for each row
      when (new.restricted is distinct from old.restricted)
      execute function holds_are_restricted()""",
    # E64: a piece that is withheld stays where it is.
    """create function withheld_serial_stays() returns trigger language plpgsql as $$
    begin
      if exists (select from stock_hold h join location l on l.id = new.from_location_id
          where (h.item_id, h.serial) = (new.item_id, new.serial) and l.kind = 'internal') then
        raise exception 'serial % of item % is withheld', new.serial, new.item_id
          using errcode = 'check_violation', constraint = tg_name;
      end if;
      return null;
    end $$""",
    """create trigger stock_move_leaves_withheld after insert on stock_move
      for each row when (new.serial is not null) execute function withheld_serial_stays()""",
)
_INSPECTIONS = (
    "create sequence inspection_number_seq",
    """create table inspection (
      id uuid not null constraint pk_inspection primary key,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      number text not null constraint uq_inspection_number unique,
      stage text not null constraint ck_inspection_stage_known
        check (stage in ('receipt', 'production', 'shipment')),
      plan_id uuid not null constraint fk_inspection_plan_id_inspection_plan
        references inspection_plan (id),
      item_id uuid not null constraint fk_inspection_item_id_item references item (id),
      lot_id uuid constraint fk_inspection_lot_id_lot references lot (id),
      serials text[] not null,
      quantity numeric(20, 6) not null,
      accepted numeric(20, 6) default 0 not null,
      rejected numeric(20, 6) default 0 not null,
      pending numeric(20, 6) not null,
      cancelled numeric(20, 6) default 0 not null,
      shipped numeric(20, 6) default 0 not null,
      verdicts integer default 0 not null,
      sample_size integer not null constraint ck_inspection_sample_positive check (sample_size > 0),
      acceptance_number integer not null
        constraint ck_inspection_acceptance_not_negative check (acceptance_number >= 0),
      characteristics jsonb not null,
      supplier_id uuid constraint fk_inspection_supplier_id_supplier references supplier (id),
      customer_id uuid constraint fk_inspection_customer_id_customer references customer (id),
      order_line_id uuid constraint fk_inspection_order_line_id_sales_order_line
        references sales_order_line (id),
      source_type text not null constraint ck_inspection_source_type_known
        check (source_type in ('purchase_receipt', 'production_step', 'sales_order', 'rework')),
      source_id uuid not null,
      effective_on date not null,
      actor text not null,
      constraint ck_inspection_adds_up check (
        accepted + rejected + pending + cancelled = quantity and quantity > 0
        and accepted >= 0 and rejected >= 0 and pending >= 0 and cancelled >= 0),
      constraint ck_inspection_cancelled_before_shipment
        check (cancelled = 0 or stage = 'shipment'),
      constraint ck_inspection_shipped_was_accepted check (shipped >= 0 and shipped <= accepted),
      constraint ck_inspection_shipment_of_a_line
        check ((stage = 'shipment') = (order_line_id is not null)))""",
    "create index ix_inspection_created_at on inspection (created_at, id)",
    "create index ix_inspection_updated_at on inspection (updated_at, id)",
    "create index ix_inspection_effective_on on inspection (effective_on, id)",
    "create index ix_inspection_item_id on inspection (item_id, id)",
    "create index ix_inspection_pending on inspection (created_at, id) where pending > 0",
    *(
        f"create index ix_inspection_{one} on inspection ({one})"
        for one in ("plan_id", "lot_id", "supplier_id", "customer_id", "order_line_id", "source_id")
    ),
    """create index ix_inspection_search on inspection using gin (search_grams(search_fold(
      ((((number || ' ') || replace(number, '-', '')) || ' ')
        || ltrim(regexp_replace(number, '^.*-', ''), '0')))))""",
    """create table inspection_result (
      id uuid not null constraint pk_inspection_result primary key,
      inspection_id uuid not null constraint fk_inspection_result_inspection_id_inspection
        references inspection (id),
      sample integer not null constraint ck_inspection_result_sample_positive check (sample > 0),
      number integer not null,
      value numeric(20, 6),
      answer boolean,
      good boolean not null,
      note text not null,
      recorded_at timestamptz not null,
      actor text not null,
      constraint uq_inspection_result_inspection_id_sample_number
        unique (inspection_id, sample, number),
      constraint ck_inspection_result_value_or_answer check (num_nonnulls(value, answer) = 1),
      constraint ck_inspection_result_answer_is_good check (answer is null or answer = good))""",
    """create table inspection_verdict (
      id uuid not null constraint pk_inspection_verdict primary key,
      inspection_id uuid not null constraint fk_inspection_verdict_inspection_id_inspection
        references inspection (id),
      accepted numeric(20, 6) not null,
      rejected numeric(20, 6) not null,
      accepted_serials text[] not null,
      rejected_serials text[] not null,
      reason text not null,
      concession text not null,
      recorded_at timestamptz not null,
      actor text not null,
      constraint ck_inspection_verdict_something
        check (accepted >= 0 and rejected >= 0 and accepted + rejected > 0),
      constraint ck_inspection_verdict_reason_given check (rejected = 0 or reason <> ''))""",
    "create index ix_inspection_verdict_inspection_id on inspection_verdict (inspection_id, id)",
    """create trigger inspection_verdict_is_kept before update or delete on inspection_verdict
      for each row execute function refuse_change()""",
    # E64: what was accepted and rejected is what verdicts say, and pending goods are withheld.
    """create function inspection_agrees() returns trigger language plpgsql as $$
    declare one uuid;
    begin
      one := case tg_table_name when 'inspection' then to_jsonb(new) ->> 'id'
        else to_jsonb(new) ->> 'inspection_id' end;
      if exists (select from inspection i cross join lateral (
            select coalesce(sum(v.accepted), 0) as accepted,
                coalesce(sum(v.rejected), 0) as rejected
              from inspection_verdict v where v.inspection_id = i.id) v
          where i.id = one and (i.accepted, i.rejected) is distinct from (v.accepted, v.rejected))
      then
        raise exception 'inspection % is not what its verdicts say', one
          using errcode = 'check_violation', constraint = 'ck_inspection_agrees';
      end if;
      if exists (select from inspection i join item t on t.id = i.item_id
          where i.id = one and i.stage <> 'shipment' and t.tracking <> 'lot'
            and i.pending <> (select coalesce(sum(h.quantity), 0) from stock_hold h
              where h.source_id = i.id)) then
        raise exception 'pending goods of inspection % are not withheld', one
          using errcode = 'check_violation', constraint = 'ck_inspection_withholds';
      end if;
      return null;
    end $$""",
    """create constraint trigger inspection_agrees after insert or update on inspection
      deferrable initially deferred for each row execute function inspection_agrees()""",
    """create constraint trigger inspection_verdict_agrees after insert on inspection_verdict
      deferrable initially deferred for each row execute function inspection_agrees()""",
    """create function hold_agrees() returns trigger language plpgsql as $$
    declare one uuid;
    begin
      foreach one in array array_remove(array[case when tg_op <> 'INSERT' then old.source_id end,
          case when tg_op <> 'DELETE' then new.source_id end], null) loop
        if exists (select from inspection i join item t on t.id = i.item_id
            where i.id = one and i.stage <> 'shipment' and t.tracking <> 'lot'
              and i.pending <> (select coalesce(sum(h.quantity), 0) from stock_hold h
                where h.source_id = i.id)) then
          raise exception 'pending goods of inspection % are not withheld', one
            using errcode = 'check_violation', constraint = 'ck_inspection_withholds';
        end if;
      end loop;
      return null;
    end $$""",
    """create constraint trigger stock_hold_of_inspection after insert or update or delete
      on stock_hold deferrable initially deferred for each row execute function hold_agrees()""",
    """create function pending_lot_is_kept() returns trigger language plpgsql as $$
    declare one uuid;
    begin
      one := case tg_table_name when 'lot' then to_jsonb(new) ->> 'id'
        else to_jsonb(new) ->> 'lot_id' end;
      if exists (select from lot l join inspection i on i.lot_id = l.id
          where l.id = one and l.quality = 'released' and i.pending > 0 and i.stage <> 'shipment')
      then
        raise exception 'lot % is not decided', one
          using errcode = 'check_violation', constraint = 'ck_inspection_lot_waits';
      end if;
      return null;
    end $$""",
    """create constraint trigger inspection_lot_waits after insert or update on inspection
      deferrable initially deferred for each row when (new.lot_id is not null)
      execute function pending_lot_is_kept()""",
    """create constraint trigger lot_waits after update of quality on lot
      deferrable initially deferred for each row when (new.quality = 'released')
      execute function pending_lot_is_kept()""",
    PIN_FUNCTIONS,
)
_FUNCTIONS = (
    *("holds_are_restricted", "withheld_serial_stays", "inspection_agrees", "hold_agrees"),
    "pending_lot_is_kept",
)


def upgrade() -> None:
    """Add inspections, and what is withheld."""
    for statement in (*_HOLDS, *_INSPECTIONS):
        op.execute(statement)


def downgrade() -> None:
    """Take them away; what was withheld may be used again."""
    op.execute("update stock_level set restricted = 0 where tracking <> 'lot'")
    op.execute("set constraints all immediate")
    op.execute("drop trigger lot_waits on lot")
    op.execute("drop trigger stock_move_leaves_withheld on stock_move")
    op.execute("drop trigger stock_level_withholds on stock_level")
    op.execute("drop trigger stock_level_withholds_new on stock_level")
    op.execute("drop table inspection_verdict, inspection_result, inspection, stock_hold")
    op.execute("drop sequence inspection_number_seq")
    op.execute(
        """alter table stock_level add constraint ck_stock_level_lots_restricted
          check (restricted = 0 or tracking = 'lot')"""
    )
    for function in _FUNCTIONS:
        op.execute(f"drop function {function}()")
