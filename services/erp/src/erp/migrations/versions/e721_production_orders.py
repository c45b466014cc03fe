"""Production orders, their snapshots and steps; accounts of work in progress.

Revision ID: e721
Revises: e720
"""

from alembic import context, op

from chassis.ids import uuid7
from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage.states import transition_trigger
from records.imports.deletions import deletion_trigger

revision = "e721"
down_revision = "e720"

_ROLES = (
    *("bank", "receivable", "inventory", "payable", "grni", "customer_credit", "tax_output"),
    *("tax_input", "equity_opening", "retained", "sales", "freight_income", "cogs"),
    *("inventory_adjustment", "purchase_variance", "bad_debt", "payment_difference"),
)
_ACCOUNTS = (
    ("5001", "work_in_progress", "Work in progress", "生产成本", "asset"),
    ("5101", "labour_absorption", "Labour applied to production", "人工费用转出", "expense"),
    ("5102", "overhead_absorption", "Overhead applied to production", "制造费用转出", "expense"),
    ("6404", "production_variance", "Production variance", "生产差异", "expense"),
    ("6405", "scrap", "Production scrap", "废品损失", "expense"),
)
_NEW_ROLES = (*_ROLES, *(role for _, role, *_ in _ACCOUNTS))
_CONTROL = ("receivable", "payable", "inventory", "grni")
_KINDS = ("internal", "supplier", "customer", "opening", "loss", "repacking", "foreign")
_ACCOUNT = """insert into account (id, version, created_at, updated_at, code, name, name_zh, kind,
    role, active)
  select '{id}', 1, now(), now(), coalesce((select c
      from (values ('{code}'), ('{code}.1'), ('{code}.2')) as codes(c)
      where not exists (select from account a where a.code = c) order by c limit 1),
    '{other}'), '{name}', '{zh}', '{kind}', '{role}', true
    where not exists (select from account where role = '{role}')"""
# A chart of the company may have the account already, without the role.
_OWN_ACCOUNT = """update account set role = '{role}', version = version + 1, updated_at = now()
  where id = (select a.id from account a
    where a.name_zh = '{zh}' and a.kind = '{kind}' and a.role is null and a.active
      and not exists (select from journal_line l where l.account_id = a.id)
    order by a.code limit 1)"""
_LOCATION = """insert into location (id, version, created_at, updated_at, code, name, kind)
  values ('{id}', 1, now(), now(), 'PRODUCTION', 'Production', 'production')"""


def _control(roles: tuple[str, ...]) -> str:
    listed = ", ".join(f"'{one}'" for one in roles)
    return f"""create or replace function account_with_entries_stays() returns trigger
      language plpgsql as $$
    begin
      if (old.kind <> new.kind or old.role in ({listed}) or new.role in ({listed}))
          and exists (select from journal_line where account_id = old.id) then
        raise exception 'account % has entries', old.code using errcode = 'restrict_violation';
      end if;
      return new;
    end $$"""


def _word_check(table: str, column: str, words: tuple[str, ...]) -> str:
    name, listed = f"ck_{table}_{column}_known", ", ".join(f"'{one}'" for one in words)
    return f"""alter table {table} drop constraint {name},
      add constraint {name} check ({column} in ({listed}))"""


_AMOUNT = "numeric(20, 4) not null"
_QUANTITY = "numeric(20, 6) not null"
_IN_LESS_OUT = (
    "material + labour + overhead + rework_in - finished - by_product_value - scrap - rework_out"
    " - variance"
)
_NUMBER = (
    "((((number || ' ') || replace(number, '-', '')) || ' ')"
    " || ltrim(regexp_replace(number, '^.*-', ''), '0'))"
)
_OF_ORDER = """production_order_id uuid not null
        constraint fk_{table}_production_order_id_{rest}
        references production_order (id)"""
_TABLES = (
    "create sequence production_order_number_seq",
    f"""create table production_order (
      id uuid not null constraint pk_production_order primary key,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      custom jsonb default '{{}}' not null constraint ck_production_order_custom_object
        check (jsonb_typeof(custom) = 'object'),
      number text not null constraint uq_production_order_number unique,
      item_id uuid not null constraint fk_production_order_item_id_item references item (id),
      quantity {_QUANTITY},
      start_quantity {_QUANTITY},
      start_on date not null,
      due_on date not null,
      state text not null constraint ck_production_order_state_known check (state in (
        'planned', 'firm', 'released', 'started', 'done', 'closed', 'cancelled')),
      bill_of_material_id uuid
        constraint fk_production_order_bill_of_material_id_bill_of_material
        references bill_of_material (id),
      routing_id uuid constraint fk_production_order_routing_id_routing references routing (id),
      rework_of_id uuid constraint fk_production_order_rework_of_id_production_order
        references production_order (id),
      over_tolerance numeric(7, 6) not null,
      under_tolerance numeric(7, 6) not null,
      backflush boolean not null,
      note text not null,
      good {_QUANTITY},
      scrapped {_QUANTITY},
      reworked {_QUANTITY},
      steps integer not null,
      progress_percent numeric(20, 4) not null,
      planned_cost {_AMOUNT},
      material {_AMOUNT},
      labour {_AMOUNT},
      overhead {_AMOUNT},
      rework_in {_AMOUNT},
      finished {_AMOUNT},
      by_product_value {_AMOUNT},
      scrap {_AMOUNT},
      rework_out {_AMOUNT},
      variance {_AMOUNT},
      constraint ck_production_order_quantity_positive
        check (quantity > 0 and start_quantity >= quantity),
      constraint ck_production_order_days_in_order check (due_on >= start_on),
      constraint ck_production_order_made_not_negative
        check (good >= 0 and scrapped >= 0 and reworked >= 0),
      constraint ck_production_order_tolerance_range
        check (over_tolerance between 0 and 1 and under_tolerance between 0 and 1),
      constraint ck_production_order_amounts_not_negative check (
        material >= 0 and labour >= 0 and overhead >= 0 and rework_in >= 0 and finished >= 0
        and by_product_value >= 0 and scrap >= 0 and rework_out >= 0 and planned_cost >= 0),
      constraint ck_production_order_closed_at_nothing
        check (state <> 'closed' or {_IN_LESS_OUT} = 0),
      constraint ck_production_order_cancelled_untouched
        check (state <> 'cancelled' or steps = 0 and rework_in = 0))""",
    *(
        f"create index ix_production_order_{name} on production_order ({columns})"
        for name, columns in {
            "created_at": "created_at, id",
            "updated_at": "updated_at, id",
            "state_created_at": "state, created_at, id",
            "item_id_created_at": "item_id, created_at, id",
            "bill_of_material_id": "bill_of_material_id",
            "routing_id": "routing_id",
            "rework_of_id": "rework_of_id",
            "due_on": "due_on, id",
            "start_on": "start_on, id",
        }.items()
    ),
    f"""create index ix_production_order_search on production_order
      using gin (search_grams(search_fold({_NUMBER})))""",
    """create index ix_production_order_custom on production_order
      using gin (custom jsonb_path_ops) where custom <> '{}'""",
    f"""create table production_order_component (
      id uuid not null constraint pk_production_order_component primary key,
      {_OF_ORDER.format(table="production_order_component", rest="produ_098b")} on delete cascade,
      position smallint not null,
      item_id uuid not null constraint fk_production_order_component_item_id_item
        references item (id),
      numerator numeric(60, 0) not null,
      denominator numeric(60, 0) not null,
      required {_QUANTITY},
      issued {_QUANTITY},
      issued_value {_AMOUNT},
      unit_cost {_QUANTITY},
      constraint uq_production_order_component_production_order_id_item_id
        unique (production_order_id, item_id),
      constraint ck_production_order_component_ratio_positive
        check (numerator >= 0 and denominator > 0),
      constraint ck_production_order_component_not_negative
        check (required >= 0 and issued >= 0 and issued_value >= 0),
      constraint ck_production_order_component_nothing_is_worth_nothing
        check (issued > 0 or issued_value = 0))""",
    """create index ix_production_order_component_item_id
      on production_order_component (item_id)""",
    f"""create table production_order_operation (
      id uuid not null constraint pk_production_order_operation primary key,
      {_OF_ORDER.format(table="production_order_operation", rest="produ_7d8e")} on delete cascade,
      sequence integer not null,
      name text not null,
      work_centre_id uuid not null
        constraint fk_production_order_operation_work_centre_id_work_centre
        references work_centre (id),
      alternates uuid[] not null,
      setup_minutes {_QUANTITY},
      run_minutes {_QUANTITY},
      run_basis text not null,
      batch_quantity {_QUANTITY},
      queue_minutes {_QUANTITY},
      yield_part numeric(7, 6) not null,
      skills text[] not null,
      tools text[] not null,
      supplier_id uuid constraint fk_production_order_operation_supplier_id_supplier
        references supplier (id),
      cost_per_hour {_QUANTITY},
      overhead_per_hour {_QUANTITY},
      efficiency numeric(20, 6) not null,
      start_quantity {_QUANTITY},
      planned_minutes {_QUANTITY},
      good {_QUANTITY},
      scrapped {_QUANTITY},
      reworked {_QUANTITY},
      minutes {_QUANTITY},
      constraint uq_production_order_operation_production_order_id_sequence
        unique (production_order_id, sequence),
      constraint ck_production_order_operation_not_negative
        check (good >= 0 and scrapped >= 0 and reworked >= 0 and minutes >= 0))""",
    """create index ix_production_order_operation_work_centre_id
      on production_order_operation (work_centre_id)""",
    """create index ix_production_order_operation_supplier_id
      on production_order_operation (supplier_id)""",
    f"""create table production_order_by_product (
      id uuid not null constraint pk_production_order_by_product primary key,
      {_OF_ORDER.format(table="production_order_by_product", rest="prod_b896")} on delete cascade,
      position smallint not null,
      item_id uuid not null constraint fk_production_order_by_product_item_id_item
        references item (id),
      planned {_QUANTITY},
      cost_share numeric(7, 6) not null,
      received {_QUANTITY},
      received_value {_AMOUNT},
      constraint uq_production_order_by_product_production_order_id_item_id
        unique (production_order_id, item_id),
      constraint ck_production_order_by_product_not_less
        check (planned >= 0 and received >= 0 and received_value >= 0),
      constraint ck_production_order_by_product_cost_share_range
        check (cost_share >= 0 and cost_share < 1))""",
    """create index ix_production_order_by_product_item_id
      on production_order_by_product (item_id)""",
    f"""create table production_step (
      id uuid not null constraint pk_production_step primary key,
      {_OF_ORDER.format(table="production_step", rest="production_order")},
      kind text not null constraint ck_production_step_kind_known
        check (kind in ('issue', 'return', 'report', 'close')),
      sequence integer,
      good {_QUANTITY},
      scrapped {_QUANTITY},
      reworked {_QUANTITY},
      minutes {_QUANTITY},
      reason text not null,
      rework_order_id uuid constraint fk_production_step_rework_order_id_production_order
        references production_order (id),
      effective_on date not null,
      recorded_at timestamptz not null,
      actor text not null,
      constraint ck_production_step_not_negative
        check (good >= 0 and scrapped >= 0 and reworked >= 0 and minutes >= 0),
      constraint ck_production_step_reason_given
        check (scrapped + reworked = 0 or reason <> ''))""",
    """create index ix_production_step_production_order_id
      on production_step (production_order_id, id)""",
    """create index ix_production_step_rework_order_id on production_step (rework_order_id)
      where rework_order_id is not null""",
)
_PROMISES = (
    """create trigger production_step_is_kept before update or delete on production_step
      for each row execute function refuse_change()""",
    """create trigger production_step_is_not_emptied before truncate on production_step
      for each statement execute function refuse_change()""",
    # E62: at COMMIT, what is in an order is what the books say of its steps.
    """create function production_order_agrees() returns trigger language plpgsql as $$
    declare kept record; booked numeric;
    begin
      select * into kept from production_order where id = new.id;
      select coalesce(sum(l.debit - l.credit), 0) into booked
        from journal_entry e
        join journal_line l on l.entry_id = e.id
        join account a on a.id = l.account_id and a.role = 'work_in_progress'
       where e.source_id = any(array(
         select s.id from production_step s where s.production_order_id = new.id));
      if booked <> kept.material + kept.labour + kept.overhead - kept.finished
          - kept.by_product_value - kept.scrap - kept.variance then
        raise exception 'the books have % in production order %, its steps another amount',
          booked, new.id using errcode = 'check_violation', constraint = tg_name;
      end if;
      return null;
    end $$""",
    """create constraint trigger production_order_agrees after update on production_order
      deferrable initially deferred for each row when (
        (old.material, old.labour, old.overhead, old.finished, old.by_product_value, old.scrap,
          old.variance, old.state)
        is distinct from (new.material, new.labour, new.overhead, new.finished,
          new.by_product_value, new.scrap, new.variance, new.state))
      execute function production_order_agrees()""",
)
_FOLLOWING = {
    "planned": ("firm", "released", "cancelled"),
    "firm": ("released", "cancelled"),
    "released": ("started", "done", "cancelled"),
    "started": ("done",),
    "done": ("closed",),
    "closed": (),
    "cancelled": (),
}


def upgrade() -> None:
    """Add accounts, the place of production, the tables, and what they promise."""
    op.execute(_word_check("account", "role", _NEW_ROLES))
    op.execute(_word_check("location", "kind", (*_KINDS, "production")))
    op.execute(_control((*_CONTROL, "work_in_progress")))
    if not context.is_offline_mode():
        for code, role, name, zh, kind in _ACCOUNTS:
            op.execute(_OWN_ACCOUNT.format(role=role, zh=zh, kind=kind))
            facts = {"code": code, "role": role, "name": name, "zh": zh, "kind": kind}
            op.execute(_ACCOUNT.format(id=uuid7(), other=role.replace("_", "-"), **facts))
    op.execute(_LOCATION.format(id=uuid7()))
    for statement in (*_TABLES, *_PROMISES, PIN_FUNCTIONS):
        op.execute(statement)
    op.execute(transition_trigger("production_order", "state", _FOLLOWING))
    op.execute(deletion_trigger("production_order"))


def downgrade() -> None:
    """Take them away; accounts without entries lose their roles."""
    for table in (
        *("production_step", "production_order_by_product", "production_order_operation"),
        *("production_order_component", "production_order"),
    ):
        op.execute(f"drop table {table}")
    op.execute("drop sequence production_order_number_seq")
    op.execute("drop function production_order_agrees()")
    op.execute("delete from location where kind = 'production'")
    op.execute(_word_check("location", "kind", _KINDS))
    op.execute("alter table account disable trigger user")
    op.execute(
        "update account set role = null where role in ("
        + ", ".join(f"'{role}'" for _, role, *_ in _ACCOUNTS)
        + ")"
    )
    op.execute("alter table account enable trigger user")
    op.execute(_word_check("account", "role", _ROLES))
    op.execute(_control(_CONTROL))
    op.execute(PIN_FUNCTIONS)
