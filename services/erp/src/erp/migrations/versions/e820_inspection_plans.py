"""Inspection plans: what is looked at of goods, in revisions with days.

Revision ID: e820
Revises: e801
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.states import transition_trigger

revision = "e820"
down_revision = "e801"

_SCOPE = """coalesce(item_id::text, '') || '|' || coalesce(category_id::text, '')
        || '|' || coalesce(supplier_id::text, '') || '|' || coalesce(work_centre_id::text, '')
        || '|' || operation || '|' || coalesce(customer_id::text, '')"""
_TABLES = (
    f"""create table inspection_plan (
      id uuid not null constraint pk_inspection_plan primary key,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      code text not null,
      label text not null,
      stage text not null constraint ck_inspection_plan_stage_known
        check (stage in ('receipt', 'production', 'shipment')),
      item_id uuid constraint fk_inspection_plan_item_id_item references item (id),
      category_id uuid constraint fk_inspection_plan_category_id_item_category
        references item_category (id),
      supplier_id uuid constraint fk_inspection_plan_supplier_id_supplier references supplier (id),
      work_centre_id uuid constraint fk_inspection_plan_work_centre_id_work_centre
        references work_centre (id),
      operation text not null,
      customer_id uuid constraint fk_inspection_plan_customer_id_customer references customer (id),
      scope_key text not null generated always as (stage || '|' || {_SCOPE}) stored,
      sampling text not null constraint ck_inspection_plan_sampling_known
        check (sampling in ('all', 'percent', 'fixed', 'aql')),
      sampling_value numeric(20, 6),
      characteristics jsonb not null constraint ck_inspection_plan_characteristics_listed
        check (jsonb_typeof(characteristics) = 'array'),
      effective_from date,
      effective_to date,
      note text not null,
      status text not null constraint ck_inspection_plan_status_known
        check (status in ('draft', 'active', 'archived')),
      activated_in bigint,
      custom jsonb default '{{}}' not null constraint ck_inspection_plan_custom_object
        check (jsonb_typeof(custom) = 'object'),
      constraint uq_inspection_plan_code_label unique (code, label),
      constraint ck_inspection_plan_named check (code <> '' and label <> ''),
      constraint ck_inspection_plan_period_in_order check (effective_to >= effective_from),
      constraint ck_inspection_plan_item_or_category
        check (item_id is null or category_id is null),
      constraint ck_inspection_plan_supplier_of_receipts
        check (supplier_id is null or stage = 'receipt'),
      constraint ck_inspection_plan_customer_of_shipments
        check (customer_id is null or stage = 'shipment'),
      constraint ck_inspection_plan_operation_of_production
        check (work_centre_id is null and operation = '' or stage = 'production'),
      constraint ck_inspection_plan_scope_given check (
        num_nonnulls(item_id, category_id, supplier_id, work_centre_id, customer_id) > 0
        or operation <> ''),
      constraint ck_inspection_plan_sampled check ((sampling = 'all') = (sampling_value is null)
        and (sampling <> 'percent' or sampling_value > 0 and sampling_value <= 100)
        and (sampling <> 'fixed' or sampling_value >= 1 and sampling_value = trunc(sampling_value))
        and (sampling <> 'aql' or sampling_value > 0 and sampling_value <= 6.5)),
      constraint ck_inspection_plan_active_has_characteristics
        check (status <> 'active' or jsonb_array_length(characteristics) > 0),
      constraint ex_inspection_plan_overlap exclude using gist (
        scope_key with =, daterange(effective_from, effective_to, '[]') with &&)
        where (status = 'active'))""",
    "create index ix_inspection_plan_created_at on inspection_plan (created_at, id)",
    "create index ix_inspection_plan_updated_at on inspection_plan (updated_at, id)",
    """create index ix_inspection_plan_item_id_created_at
      on inspection_plan (item_id, created_at, id)""",
    """create index ix_inspection_plan_status_created_at
      on inspection_plan (status, created_at, id)""",
    "create index ix_inspection_plan_code on inspection_plan (code, id)",
    """create index ix_inspection_plan_search on inspection_plan
      using gin (search_grams(search_fold(((((code || ' ') || replace(code, '-', '')) || ' ')
        || ltrim(regexp_replace(code, '^.*-', ''), '0')))))""",
    *(
        f"create index ix_inspection_plan_{one} on inspection_plan ({one})"
        for one in ("category_id", "supplier_id", "work_centre_id", "customer_id")
    ),
    """create index ix_inspection_plan_custom on inspection_plan
      using gin (custom jsonb_path_ops) where custom <> '{}'""",
    """create function inspection_plan_stays() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' or old.status = 'draft' then
        new.activated_in := case when new.status <> 'draft'
          then pg_current_xact_id()::text::bigint end;
        return new;
      end if;
      new.activated_in := old.activated_in;
      if (new.code, new.label, new.stage, new.item_id, new.category_id, new.supplier_id,
          new.work_centre_id, new.operation, new.customer_id, new.sampling, new.sampling_value,
          new.characteristics)
        is distinct from (old.code, old.label, old.stage, old.item_id, old.category_id,
          old.supplier_id, old.work_centre_id, old.operation, old.customer_id, old.sampling,
          old.sampling_value, old.characteristics) then
        raise exception 'the inspection plan % was activated: its content stays', old.id
          using errcode = 'restrict_violation', constraint = tg_name;
      end if;
      return new;
    end $$""",
    """create trigger inspection_plan_stays before insert or update on inspection_plan
      for each row execute function inspection_plan_stays()""",
    PIN_FUNCTIONS,
)
_FOLLOWING = {"draft": ("active", "archived"), "active": ("archived",), "archived": ("active",)}


def upgrade() -> None:
    """Add the plans, and what they promise."""
    for statement in _TABLES:
        op.execute(statement)
    op.execute(transition_trigger("inspection_plan", "status", _FOLLOWING))


def downgrade() -> None:
    """Take them away."""
    op.execute("drop table inspection_plan")
    op.execute("drop function inspection_plan_stays()")
