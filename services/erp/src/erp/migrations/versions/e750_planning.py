"""Planning: parameters of items, and plans with their orders, requirements, pegs and messages.

Revision ID: e750
Revises: e721
"""

from alembic import op

from chassis.storage.states import transition_trigger
from records.imports.deletions import deletion_trigger

revision = "e750"
down_revision = "e721"

_TABLES = (
    "planning_parameter",
    "material_plan",
    "planned_item",
    "planned_order",
    "plan_requirement",
    "plan_peg",
    "plan_message",
)
_STATEMENTS = (
    """create table planning_parameter (
      item_id uuid not null,
      policy text,
      lot_rule text not null,
      lot_quantity numeric(20, 6) not null,
      lot_minimum numeric(20, 6) not null,
      lot_maximum numeric(20, 6) not null,
      lot_multiple numeric(20, 6) not null,
      lot_days smallint not null,
      setup_cost numeric(20, 6) not null,
      holding_cost numeric(20, 6) not null,
      lead_days smallint,
      safety_stock numeric(20, 6) not null,
      yield_part numeric(7, 6) not null,
      fence_days smallint not null,
      custom jsonb default '{}' not null constraint
        ck_planning_parameter_custom_object check (jsonb_typeof(custom) = 'object'),
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      constraint pk_planning_parameter primary key (id),
      constraint uq_planning_parameter_item_id unique (item_id),
      constraint ck_planning_parameter_policy_known check (policy in ('make_to_stock',
        'make_to_order', 'buy')),
      constraint ck_planning_parameter_lot_rule_known check (lot_rule in
        ('lot_for_lot', 'fixed', 'multiple', 'min_max', 'period', 'least_unit_cost',
        'least_total_cost', 'wagner_whitin')),
      constraint ck_planning_parameter_lots_not_negative check (lot_quantity >= 0 and
        lot_minimum >= 0 and lot_maximum >= 0 and lot_multiple >= 0),
      constraint ck_planning_parameter_lots_in_order check (lot_maximum = 0 or
        lot_maximum >= lot_minimum),
      constraint ck_planning_parameter_fixed_quantity_given check (lot_rule <> 'fixed'
        or lot_quantity > 0),
      constraint ck_planning_parameter_lot_days_range check (lot_days between 0 and
        3650),
      constraint ck_planning_parameter_costs_not_negative check (setup_cost >= 0 and
        holding_cost >= 0),
      constraint ck_planning_parameter_lead_days_range check (lead_days between 0 and
        3650),
      constraint ck_planning_parameter_safety_stock_not_negative check (safety_stock
        >= 0),
      constraint ck_planning_parameter_yield_part_range check (yield_part > 0 and
        yield_part <= 1),
      constraint ck_planning_parameter_fence_days_range check (fence_days between 0
        and 3650),
      constraint fk_planning_parameter_item_id_item foreign key(item_id) references
        item (id))""",
    """create index ix_planning_parameter_created_at on planning_parameter (created_at,
        id)""",
    """create index ix_planning_parameter_custom on planning_parameter using gin
        (custom jsonb_path_ops) where custom <> '{}'""",
    """create index ix_planning_parameter_updated_at on planning_parameter (updated_at,
        id)""",
    """create table material_plan (
      state text not null,
      progress smallint not null,
      is_current boolean not null,
      asked_by text not null,
      created_at timestamptz not null,
      read_at timestamptz,
      finished_at timestamptz,
      planned_on date,
      items integer not null,
      orders integer not null,
      messages integer not null,
      input_hash text,
      output_hash text,
      problem text,
      id uuid not null,
      constraint pk_material_plan primary key (id),
      constraint ck_material_plan_state_known check (state in ('queued', 'running',
        'done', 'failed')),
      constraint ck_material_plan_progress_range check (progress between 0 and 100),
      constraint ck_material_plan_current_is_done check (not is_current or state =
        'done'))""",
    """create index ix_material_plan_created_at on material_plan (created_at, id)""",
    """create unique index uq_material_plan_is_current on material_plan (is_current)
        where is_current""",
    """create unique index uq_material_plan_queued on material_plan (state) where state
        = 'queued'""",
    """create table planned_item (
      level smallint not null,
      source text not null,
      on_hand numeric(20, 6) not null,
      safety_stock numeric(20, 6) not null,
      lead_days smallint not null,
      lot_rule text not null,
      yield_part numeric(7, 6) not null,
      fence_days smallint not null,
      supplier_id uuid,
      plan_id uuid not null,
      item_id uuid not null,
      constraint pk_planned_item primary key (plan_id, item_id),
      constraint ck_planned_item_source_known check (source in ('make', 'buy',
        'phantom')),
      constraint ck_planned_item_lot_rule_known check (lot_rule in ('lot_for_lot',
        'fixed', 'multiple', 'min_max', 'period', 'least_unit_cost', 'least_total_cost',
        'wagner_whitin')),
      constraint fk_planned_item_supplier_id_supplier foreign key(supplier_id)
        references supplier (id),
      constraint fk_planned_item_plan_id_material_plan foreign key(plan_id) references
        material_plan (id) ON DELETE cascade,
      constraint fk_planned_item_item_id_item foreign key(item_id) references item
        (id))""",
    """create index ix_planned_item_item_id on planned_item (item_id)""",
    """create index ix_planned_item_supplier_id on planned_item (supplier_id)""",
    """create table planned_order (
      id uuid not null,
      plan_id uuid not null,
      item_id uuid not null,
      number integer not null,
      source text not null,
      due_on date not null,
      release_on date not null,
      start_quantity numeric(20, 6) not null,
      quantity numeric(20, 6) not null,
      needed numeric(20, 6) not null,
      past_due_days integer not null,
      possible_on date not null,
      batch text not null,
      state text not null,
      order_line_id uuid,
      constraint pk_planned_order primary key (id),
      constraint uq_planned_order_plan_id_item_id_number unique (plan_id, item_id,
        number),
      constraint ck_planned_order_quantities_in_order check (quantity > 0 and
        start_quantity >= quantity),
      constraint ck_planned_order_days_in_order check (release_on <= due_on),
      constraint ck_planned_order_source_known check (source in ('make', 'buy',
        'phantom')),
      constraint ck_planned_order_state_known check (state in ('planned', 'ordered')),
      constraint ck_planned_order_ordered_by_a_line check ((state = 'ordered') =
        (order_line_id is not null)),
      constraint fk_planned_order_plan_id_material_plan foreign key(plan_id)
        references material_plan (id) ON DELETE cascade,
      constraint fk_planned_order_item_id_item foreign key(item_id) references item
        (id))""",
    """create index ix_planned_order_due_on on planned_order (due_on, id)""",
    """create index ix_planned_order_item_id on planned_order (item_id)""",
    """create index ix_planned_order_order_line_id on planned_order (order_line_id)""",
    """create index ix_planned_order_release_on on planned_order (release_on, id)""",
    """create table plan_requirement (
      place integer not null,
      needed_on date not null,
      quantity numeric(20, 6) not null,
      kind text not null,
      demand_id uuid,
      parent_item_id uuid,
      parent_number integer,
      possible_on date,
      plan_id uuid not null,
      item_id uuid not null,
      constraint pk_plan_requirement primary key (place, plan_id, item_id),
      constraint ck_plan_requirement_kind_known check (kind in ('sales_order',
        'forecast', 'production_order', 'planned_order', 'safety_stock')),
      constraint fk_plan_requirement_plan_id_material_plan foreign key(plan_id)
        references material_plan (id) ON DELETE cascade,
      constraint fk_plan_requirement_item_id_item foreign key(item_id) references item
        (id))""",
    """create index ix_plan_requirement_item_id on plan_requirement (item_id)""",
    """create index ix_plan_requirement_parent on plan_requirement (plan_id,
        parent_item_id, parent_number)""",
    """create table plan_peg (
      place integer not null,
      requirement integer not null,
      supply text not null,
      number integer,
      receipt_id uuid,
      quantity numeric(20, 6) not null,
      plan_id uuid not null,
      item_id uuid not null,
      constraint pk_plan_peg primary key (place, plan_id, item_id),
      constraint ck_plan_peg_quantity_positive check (quantity > 0),
      constraint ck_plan_peg_supply_known check (supply in ('on_hand', 'receipt',
        'planned_order')),
      constraint fk_plan_peg_plan_id_material_plan foreign key(plan_id) references
        material_plan (id) ON DELETE cascade,
      constraint fk_plan_peg_item_id_item foreign key(item_id) references item (id))""",
    """create index ix_plan_peg_item_id on plan_peg (item_id)""",
    """create index ix_plan_peg_requirement on plan_peg (plan_id, item_id, requirement)""",
    """create index ix_plan_peg_number on plan_peg (plan_id, item_id, number)""",
    """create table plan_message (
      id uuid not null,
      plan_id uuid not null,
      item_id uuid not null,
      kind text not null,
      receipt_id uuid,
      number integer,
      day date not null,
      needed_on date,
      quantity numeric(20, 6) not null,
      by_days integer not null,
      constraint pk_plan_message primary key (id),
      constraint ck_plan_message_kind_known check (kind in ('reschedule_in',
        'reschedule_out', 'cancel', 'overdue', 'expedite')),
      constraint fk_plan_message_plan_id_material_plan foreign key(plan_id) references
        material_plan (id) ON DELETE cascade,
      constraint fk_plan_message_item_id_item foreign key(item_id) references item
        (id))""",
    """create index ix_plan_message_item_id on plan_message (item_id)""",
    """create index ix_plan_message_plan_id on plan_message (plan_id, id)""",
)
_PLAN = {"queued": ("running",), "running": ("done", "failed")}
_ORDER = {"planned": ("ordered",)}


def upgrade() -> None:
    """Add the tables, and which state follows which."""
    for statement in _STATEMENTS:
        op.execute(statement)
    op.execute(transition_trigger("material_plan", "state", _PLAN))
    op.execute(transition_trigger("planned_order", "state", _ORDER))
    op.execute(deletion_trigger("planning_parameter"))


def downgrade() -> None:
    """Take them away."""
    for table in reversed(_TABLES):
        op.execute(f"drop table {table}")
