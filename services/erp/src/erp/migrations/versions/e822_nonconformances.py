"""Cases of goods that do not conform, dispositions and corrective actions.

Revision ID: e822
Revises: e821
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.states import transition_trigger

revision = "e822"
down_revision = "e821"

_REFERENCES = {
    "item_id": "item",
    "lot_id": "lot",
    "inspection_id": "inspection",
    "supplier_id": "supplier",
    "customer_id": "customer",
    "order_id": "sales_order",
    "production_order_id": "production_order",
}
_COLUMNS = ",\n".join(
    f"{column} uuid{' not null' if column == 'item_id' else ''}"
    f" constraint fk_nonconformance_{column}_{table} references {table} (id)"
    for column, table in _REFERENCES.items()
)
_TABLES = (
    "create sequence nonconformance_number_seq",
    f"""create table nonconformance (
      id uuid not null constraint pk_nonconformance primary key,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      version integer not null,
      number text not null constraint uq_nonconformance_number unique,
      source text not null constraint ck_nonconformance_source_known
        check (source in ('inspection', 'complaint', 'production', 'manual')),
      state text not null constraint ck_nonconformance_state_known
        check (state in ('open', 'closed', 'cancelled')),
      serials text[] not null,
      quantity numeric(20, 6) not null,
      disposed numeric(20, 6) not null,
      withheld numeric(20, 6) not null,
      cost numeric(20, 4) not null,
      description text not null,
      cause_code text not null,
      cause text not null,
      system text,
      external_id text,
      links jsonb not null,
      actor text not null,
      {_COLUMNS},
      constraint uq_nonconformance_system_external_id unique (system, external_id),
      constraint ck_nonconformance_of_it
        check (quantity > 0 and disposed >= 0 and disposed <= quantity),
      constraint ck_nonconformance_withheld_is_left
        check (withheld >= 0 and withheld <= quantity - disposed),
      constraint ck_nonconformance_closed_is_disposed
        check (state <> 'closed' or disposed = quantity),
      constraint ck_nonconformance_cancelled_untouched
        check (state <> 'cancelled' or disposed = 0 and withheld = 0),
      constraint ck_nonconformance_inspection_named
        check ((source = 'inspection') = (inspection_id is not null)),
      constraint ck_nonconformance_complaint_named
        check ((source = 'complaint') = (external_id is not null)
          and (external_id is null) = (system is null)))""",
    "create index ix_nonconformance_created_at on nonconformance (created_at, id)",
    "create index ix_nonconformance_updated_at on nonconformance (updated_at, id)",
    "create index ix_nonconformance_state_created_at on nonconformance (state, created_at, id)",
    *(f"create index ix_nonconformance_{one} on nonconformance ({one})" for one in _REFERENCES),
    """create index ix_nonconformance_search on nonconformance using gin (search_grams(search_fold(
      ((((number || ' ') || replace(number, '-', '')) || ' ')
        || ltrim(regexp_replace(number, '^.*-', ''), '0')))))""",
    """create table nonconformance_disposition (
      id uuid not null constraint pk_nonconformance_disposition primary key,
      nonconformance_id uuid not null
        constraint fk_nonconformance_disposition_nonconformance_id_nonconformance
        references nonconformance (id),
      kind text not null constraint ck_nonconformance_disposition_kind_known
        check (kind in ('use_as_is', 'rework', 'scrap', 'return_to_supplier',
          'left_with_customer')),
      quantity numeric(20, 6) not null
        constraint ck_nonconformance_disposition_quantity_positive check (quantity > 0),
      serials text[] not null,
      cost numeric(20, 4) not null,
      note text not null,
      purchase_return_id uuid
        constraint fk_nonconformance_disposition_purchase_return_id_purcha_9f4f
        references purchase_return (id),
      inspection_id uuid constraint fk_nonconformance_disposition_inspection_id_inspection
        references inspection (id),
      effective_on date not null,
      recorded_at timestamptz not null,
      actor text not null,
      constraint ck_nonconformance_disposition_booked_as check (
        (kind = 'return_to_supplier') = (purchase_return_id is not null)
        and (kind = 'rework') = (inspection_id is not null)))""",
    """create index ix_nonconformance_disposition_nonconformance_id
      on nonconformance_disposition (nonconformance_id, id)""",
    """create index ix_nonconformance_disposition_purchase_return_id
      on nonconformance_disposition (purchase_return_id)""",
    """create index ix_nonconformance_disposition_inspection_id
      on nonconformance_disposition (inspection_id)""",
    """create trigger nonconformance_disposition_is_kept before update or delete
      on nonconformance_disposition for each row execute function refuse_change()""",
    """create table corrective_action (
      id uuid not null constraint pk_corrective_action primary key,
      nonconformance_id uuid not null
        constraint fk_corrective_action_nonconformance_id_nonconformance
        references nonconformance (id),
      position integer not null
        constraint ck_corrective_action_position_positive check (position > 0),
      description text not null,
      owner text not null,
      due_on date not null,
      done_on date,
      result text not null,
      recorded_at timestamptz not null,
      actor text not null,
      constraint uq_corrective_action_nonconformance_id_position
        unique (nonconformance_id, position),
      constraint ck_corrective_action_named check (description <> '' and owner <> ''))""",
    """create index ix_corrective_action_due_on on corrective_action (due_on, id)
      where done_on is null""",
)
_AGREES = (
    # E64: what a case has disposed of, withholds and cost is what is booked for it.
    """create function nonconformance_agrees() returns trigger language plpgsql as $$
    declare one uuid;
    begin
      one := case tg_table_name when 'nonconformance' then to_jsonb(new) ->> 'id'
        when 'stock_hold' then coalesce(to_jsonb(new), to_jsonb(old)) ->> 'source_id'
        else to_jsonb(new) ->> 'nonconformance_id' end;
      if exists (select from nonconformance n
          cross join lateral (select coalesce(sum(d.quantity), 0) as disposed,
              coalesce(sum(d.cost), 0) as cost
            from nonconformance_disposition d where d.nonconformance_id = n.id) d
          cross join lateral (select coalesce(sum(h.quantity), 0) as withheld
            from stock_hold h where h.source_id = n.id) h
          where n.id = one and ((n.disposed, n.cost, n.withheld)
              is distinct from (d.disposed, d.cost, h.withheld)
            or n.state = 'closed' and exists (select from corrective_action a
              where a.nonconformance_id = n.id and a.done_on is null))) then
        raise exception 'nonconformance % is not what is booked for it', one
          using errcode = 'check_violation', constraint = 'ck_nonconformance_agrees';
      end if;
      return null;
    end $$""",
    *(
        f"""create constraint trigger {table}_agrees_with_case after {acts} on {table}
          deferrable initially deferred for each row execute function nonconformance_agrees()"""
        for table, acts in (
            ("nonconformance", "insert or update"),
            ("nonconformance_disposition", "insert"),
            ("corrective_action", "insert or update"),
            ("stock_hold", "insert or update or delete"),
        )
    ),
    PIN_FUNCTIONS,
)
_FOLLOWING = {"open": ("closed", "cancelled"), "closed": ("open",), "cancelled": ()}


def upgrade() -> None:
    """Add cases, and what they promise."""
    for statement in (*_TABLES, *_AGREES):
        op.execute(statement)
    op.execute(transition_trigger("nonconformance", "state", _FOLLOWING))


def downgrade() -> None:
    """Take them away; what they withheld may be used again."""
    op.execute("drop trigger stock_hold_agrees_with_case on stock_hold")
    op.execute(
        """update stock_level v set restricted = v.restricted - h.quantity
          from (select h.item_id, sum(h.quantity) as quantity from stock_hold h
            join nonconformance n on n.id = h.source_id group by h.item_id) h
          where h.item_id = v.item_id"""
    )
    op.execute("delete from stock_hold using nonconformance n where n.id = source_id")
    op.execute("set constraints all immediate")
    op.execute("drop table corrective_action, nonconformance_disposition, nonconformance")
    op.execute("drop sequence nonconformance_number_seq")
    op.execute("drop function nonconformance_agrees()")
