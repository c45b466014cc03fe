"""Exchange rates by day, quotas, and snapshots of forecasts.

Revision ID: 0700
Revises: 0691
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from records.custom.tables import add_values
from records.imports.deletions import deletion_trigger

revision = "0700"
down_revision = "0691"

_RECORD = """id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null"""
_NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"
UP = (
    f"""create table exchange_rate (
      {_RECORD},
      currency text not null,
      day date not null,
      rate numeric(20, 6) not null,
      units integer not null,
      source text not null,
      constraint pk_exchange_rate primary key (id),
      constraint uq_exchange_rate_currency_day unique (currency, day),
      constraint ck_exchange_rate_currency_form check (currency ~ '^[A-Z]{{3}}$'),
      constraint ck_exchange_rate_rate_positive check (rate > 0),
      constraint ck_exchange_rate_units_known check (units in (1, 10, 100, 1000, 10000))
    )""",
    "create index ix_exchange_rate_created_at on exchange_rate (created_at, id)",
    "create index ix_exchange_rate_updated_at on exchange_rate (updated_at, id)",
    """create table opportunity_closing_rate (
      opportunity_id uuid not null,
      currency text not null,
      rate_day date not null,
      rate numeric(20, 6) not null,
      units integer not null,
      constraint pk_opportunity_closing_rate primary key (opportunity_id),
      constraint fk_opportunity_closing_rate_opportunity_id_opportunity
        foreign key (opportunity_id) references opportunity (id),
      constraint ck_opportunity_closing_rate_rate_positive check (rate > 0 and units > 0)
    )""",
    """create index ix_opportunity_forecast on opportunity (closes_on)
      include (id, state, amount, currency, probability, forecast_category, owner_id, team_id,
        pipeline_id) where status = 'active'""",
    f"""create table sales_quota (
      {_RECORD},
      name text not null,
      sort_key text collate "C" not null,
      owner_id uuid,
      team_id uuid,
      first_day date not null,
      last_day date not null,
      amount numeric(20, 4) not null,
      currency text not null,
      note text not null,
      status text not null,
      constraint pk_sales_quota primary key (id),
      constraint fk_sales_quota_owner_id_staff_member
        foreign key (owner_id) references staff_member (id),
      constraint fk_sales_quota_team_id_team foreign key (team_id) references team (id),
      constraint ck_sales_quota_name_given check (name <> ''),
      constraint ck_sales_quota_status_known check (status in ('active', 'archived')),
      constraint ck_sales_quota_period_in_order check (first_day <= last_day),
      constraint ck_sales_quota_amount_not_negative check (amount >= 0),
      constraint ck_sales_quota_of_one check (owner_id is null or team_id is null),
      constraint ex_sales_quota_once exclude using gist (
        coalesce(owner_id, team_id, {_NOBODY}) with =,
        daterange(first_day, last_day, '[]') with &&) where (status = 'active')
    )""",
    "create index ix_sales_quota_created_at on sales_quota (created_at, id)",
    "create index ix_sales_quota_updated_at on sales_quota (updated_at, id)",
    "create index ix_sales_quota_sort_key on sales_quota (sort_key, id)",
    "create index ix_sales_quota_status_created_at on sales_quota (status, created_at, id)",
    "create index ix_sales_quota_owner_id_created_at on sales_quota (owner_id, created_at, id)",
    "create index ix_sales_quota_team_id_created_at on sales_quota (team_id, created_at, id)",
    """create table forecast_snapshot (
      id uuid not null,
      name text not null,
      recorded_at timestamptz not null,
      taken_on date not null,
      by text not null,
      first_day date not null,
      last_day date not null,
      currency text not null,
      deals integer not null,
      constraint pk_forecast_snapshot primary key (id),
      constraint ck_forecast_snapshot_name_given check (name <> ''),
      constraint ck_forecast_snapshot_period_in_order check (first_day <= last_day)
    )""",
    "create index ix_forecast_snapshot_recorded_at on forecast_snapshot (recorded_at, id)",
    """create table forecast_snapshot_deal (
      snapshot_id uuid not null,
      opportunity_id uuid not null,
      owner_id uuid,
      team_id uuid,
      pipeline_id uuid not null,
      state text not null,
      forecast_category text not null,
      probability smallint not null,
      closes_on date not null,
      currency text not null,
      amount numeric(20, 4) not null,
      weighted numeric(20, 4) not null,
      rate_day date,
      rate numeric(20, 6),
      units integer,
      constraint pk_forecast_snapshot_deal primary key (snapshot_id, opportunity_id),
      constraint fk_forecast_snapshot_deal_snapshot_id_forecast_snapshot
        foreign key (snapshot_id) references forecast_snapshot (id),
      constraint fk_forecast_snapshot_deal_opportunity_id_opportunity
        foreign key (opportunity_id) references opportunity (id),
      constraint ck_forecast_snapshot_deal_state_known check (state in ('open', 'won', 'lost')),
      constraint ck_forecast_snapshot_deal_forecast_category_known check (forecast_category in
        ('pipeline', 'best_case', 'commit', 'closed', 'omitted'))
    )""",
    """create index ix_forecast_snapshot_deal_opportunity_id
      on forecast_snapshot_deal (opportunity_id)""",
    """create function forecast_snapshots_stay() returns trigger language plpgsql as $$
    begin
      raise exception 'snapshots of forecasts never change' using errcode = 'restrict_violation';
    end $$""",
    """create trigger forecast_snapshot_stays before update or delete on forecast_snapshot
      for each row execute function forecast_snapshots_stay()""",
    """create trigger forecast_snapshot_deal_stays before update or delete
      on forecast_snapshot_deal for each row execute function forecast_snapshots_stay()""",
    *add_values("exchange_rate"),
    *add_values("sales_quota"),
    deletion_trigger("exchange_rate"),
    PIN_FUNCTIONS,
)


def upgrade() -> None:
    """Create the tables, their indexes and triggers."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    op.execute(
        "drop table forecast_snapshot_deal, forecast_snapshot, sales_quota,"
        " opportunity_closing_rate, exchange_rate"
    )
    op.execute("drop index ix_opportunity_forecast")
    op.execute("drop function forecast_snapshots_stay()")
