"""Demand forecasts, and how far orders consume those of other periods.

Revision ID: e840
Revises: e822
"""

from alembic import op

from records.imports.deletions import deletion_trigger

revision = "e840"
down_revision = "e822"

_UPGRADE = (
    """create table demand_forecast (
      id uuid not null constraint pk_demand_forecast primary key,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      item_id uuid not null constraint fk_demand_forecast_item_id_item references item (id),
      customer_id uuid
        constraint fk_demand_forecast_customer_id_customer references customer (id),
      from_on date not null,
      to_on date not null,
      quantity numeric(20, 6) not null
        constraint ck_demand_forecast_quantity_not_negative check (quantity >= 0),
      source text not null constraint ck_demand_forecast_source_known check (source in
        ('entered', 'imported', 'moving_average', 'exponential_smoothing', 'holt')),
      note text not null,
      custom jsonb default '{}' not null constraint ck_demand_forecast_custom_object
        check (jsonb_typeof(custom) = 'object'),
      constraint ck_demand_forecast_days_in_order
        check (to_on between from_on and from_on + 365),
      constraint ex_demand_forecast_overlap exclude using gist (
        item_id with =,
        (coalesce(customer_id, '00000000-0000-0000-0000-000000000000'::uuid)) with =,
        daterange(from_on, to_on, '[]') with &&))""",
    "create index ix_demand_forecast_created_at on demand_forecast (created_at, id)",
    "create index ix_demand_forecast_updated_at on demand_forecast (updated_at, id)",
    """create index ix_demand_forecast_item_id_created_at
      on demand_forecast (item_id, created_at, id)""",
    "create index ix_demand_forecast_customer_id on demand_forecast (customer_id)",
    "create index ix_demand_forecast_to_on on demand_forecast (to_on, item_id)",
    "create index ix_demand_forecast_from_on on demand_forecast (from_on, id)",
    """create index ix_demand_forecast_custom on demand_forecast using gin
      (custom jsonb_path_ops) where custom <> '{}'""",
    "create index ix_demand_item_id_needed_on on demand (item_id, needed_on)",
    """alter table planning_parameter
      add column forecast_backward_days smallint not null default 0
        constraint ck_planning_parameter_backward_days_range
        check (forecast_backward_days between 0 and 366),
      add column forecast_forward_days smallint not null default 0
        constraint ck_planning_parameter_forward_days_range
        check (forecast_forward_days between 0 and 366)""",
    """alter table planning_parameter alter column forecast_backward_days drop default,
      alter column forecast_forward_days drop default""",
)
_DOWNGRADE = (
    """alter table planning_parameter drop column forecast_backward_days,
      drop column forecast_forward_days""",
    "drop index ix_demand_item_id_needed_on",
    "drop table demand_forecast",
)


def upgrade() -> None:
    """Add forecasts."""
    for statement in _UPGRADE:
        op.execute(statement)
    op.execute(deletion_trigger("demand_forecast"))


def downgrade() -> None:
    """Take them away."""
    for statement in _DOWNGRADE:
        op.execute(statement)
