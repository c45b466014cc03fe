"""Pipelines with their stages, lost reasons and competitors; the pipeline of a new installation.

Revision ID: 0600
Revises: 0586
"""

from alembic import op
from sqlalchemy import text

from records.custom.tables import add_values
from values.sorting import sort_key

revision = "0600"
down_revision = "0586"

_RECORD = """id uuid not null,
  version integer not null,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  name text not null,
  sort_key text collate "C" not null"""
_FIELDS = (
    "array['account_id', 'amount', 'closes_on', 'competitor_ids', 'contacts', 'lines',"
    " 'next_step', 'note', 'owner_id', 'source']"
)
TABLES = {
    "pipeline": f"""create table pipeline (
      {_RECORD},
      code text not null,
      name_zh text not null,
      is_default boolean not null,
      status text not null,
      constraint pk_pipeline primary key (id),
      constraint uq_pipeline_code unique (code),
      constraint ck_pipeline_name_given check (name <> ''),
      constraint ck_pipeline_code_given check (code <> ''),
      constraint ck_pipeline_status_known check (status in ('active', 'archived')),
      constraint ck_pipeline_default_in_use check (not is_default or status = 'active')
    )""",
    "pipeline_stage": f"""create table pipeline_stage (
      {_RECORD},
      pipeline_id uuid not null,
      code text not null,
      name_zh text not null,
      position smallint not null,
      kind text not null,
      probability smallint not null,
      forecast_category text not null,
      required_fields text[] not null,
      exit_fields text[] not null,
      stale_after_days integer,
      status text not null,
      constraint pk_pipeline_stage primary key (id),
      constraint fk_pipeline_stage_pipeline_id_pipeline
        foreign key (pipeline_id) references pipeline (id),
      constraint uq_pipeline_stage_pipeline_id_code unique (pipeline_id, code),
      constraint uq_pipeline_stage_id_pipeline_id_kind unique (id, pipeline_id, kind),
      constraint ck_pipeline_stage_name_given check (name <> ''),
      constraint ck_pipeline_stage_code_given check (code <> ''),
      constraint ck_pipeline_stage_status_known check (status in ('active', 'archived')),
      constraint ck_pipeline_stage_position_not_negative check (position >= 0),
      constraint ck_pipeline_stage_probability_range check (probability between 0 and 100),
      constraint ck_pipeline_stage_stale_after_days_range
        check (stale_after_days between 1 and 3650),
      constraint ck_pipeline_stage_kind_known check (kind in ('open', 'won', 'lost')),
      constraint ck_pipeline_stage_forecast_category_known check (forecast_category in
        ('pipeline', 'best_case', 'commit', 'closed', 'omitted')),
      constraint ck_pipeline_stage_forecast_fits_kind check (
        kind = 'open' and forecast_category <> 'closed'
        or kind = 'won' and probability = 100 and forecast_category = 'closed'
        or kind = 'lost' and probability = 0 and forecast_category = 'omitted'),
      constraint ck_pipeline_stage_required_fields_known check (required_fields <@ {_FIELDS}),
      constraint ck_pipeline_stage_exit_fields_known check (exit_fields <@ {_FIELDS})
    )""",
    "lost_reason": f"""create table lost_reason (
      {_RECORD},
      code text not null,
      name_zh text not null,
      note text not null,
      status text not null,
      constraint pk_lost_reason primary key (id),
      constraint uq_lost_reason_code unique (code),
      constraint ck_lost_reason_name_given check (name <> ''),
      constraint ck_lost_reason_code_given check (code <> ''),
      constraint ck_lost_reason_status_known check (status in ('active', 'archived'))
    )""",
    "competitor": f"""create table competitor (
      {_RECORD},
      website text not null,
      note text not null,
      status text not null,
      constraint pk_competitor primary key (id),
      constraint ck_competitor_name_given check (name <> ''),
      constraint ck_competitor_status_known check (status in ('active', 'archived'))
    )""",
}
INDEXES = {
    "created_at": "created_at, id",
    "updated_at": "updated_at, id",
    "sort_key": "sort_key, id",
    "status_created_at": "status, created_at, id",
}

STAGES = (
    ("qualification", "Qualification", "资格确认", "open", 10, "pipeline", 30),
    ("needs_analysis", "Needs analysis", "需求分析", "open", 25, "pipeline", 30),
    ("proposal", "Proposal", "方案报价", "open", 50, "best_case", 21),
    ("negotiation", "Negotiation", "商务谈判", "open", 75, "commit", 14),
    ("won", "Won", "赢单", "won", 100, "closed", None),
    ("lost", "Lost", "输单", "lost", 0, "omitted", None),
)
REASONS = (
    ("price", "Price too high", "价格过高"),
    ("competitor", "Chose a competitor", "选择了竞争对手"),
    ("no_budget", "No budget", "没有预算"),
    ("no_decision", "No decision", "没有决定"),
    ("product_fit", "Product does not fit", "产品不合适"),
    ("no_contact", "No longer to be reached", "无法联系"),
    ("other", "Other", "其他"),
)
_NEW = "gen_random_uuid(), 1, now(), now()"


def upgrade() -> None:
    """Create the tables and their indexes, and what a new installation begins with."""
    for table, statement in TABLES.items():
        op.execute(statement)
        for name, columns in INDEXES.items():
            op.execute(f"create index ix_{table}_{name} on {table} ({columns})")
        for addition in add_values(table):
            op.execute(addition)
    op.execute(
        "create unique index uq_pipeline_is_default on pipeline (is_default) where is_default"
    )
    op.execute("create index ix_pipeline_stage_position on pipeline_stage (position, id)")
    op.execute(
        "create index ix_pipeline_stage_pipeline_id_created_at"
        " on pipeline_stage (pipeline_id, created_at, id)"
    )
    _begin()


def _begin() -> None:
    """Make the default pipeline, and the usual reasons."""
    connection = op.get_bind()
    connection.execute(
        text(
            f"""insert into pipeline (id, version, created_at, updated_at, name, sort_key, code,
                name_zh, is_default, status)
              values ({_NEW}, 'Sales', :sort_key, 'sales', '销售', true, 'active')"""
        ),
        {"sort_key": sort_key("Sales")},
    )
    for position, (code, name, name_zh, kind, probability, category, days) in enumerate(STAGES, 1):
        connection.execute(
            text(
                f"""insert into pipeline_stage (id, version, created_at, updated_at, name, sort_key,
                    pipeline_id, code, name_zh, position, kind, probability, forecast_category,
                    required_fields, exit_fields, stale_after_days, status)
                  select {_NEW}, :name, :sort_key, p.id, :code, :name_zh, :position, :kind,
                    :probability, :category, cast(:required as text[]), '{{}}', :days, 'active'
                  from pipeline p where p.code = 'sales'"""
            ),
            {
                "name": name,
                "sort_key": sort_key(name),
                "code": code,
                "name_zh": name_zh,
                "position": position * 10,
                "kind": kind,
                "probability": probability,
                "category": category,
                "required": ["amount"] if kind == "won" else [],
                "days": days,
            },
        )
    for code, name, name_zh in REASONS:
        connection.execute(
            text(
                f"""insert into lost_reason (id, version, created_at, updated_at, name, sort_key,
                    code, name_zh, note, status)
                  values ({_NEW}, :name, :sort_key, :code, :name_zh, '', 'active')"""
            ),
            {"name": name, "sort_key": sort_key(name), "code": code, "name_zh": name_zh},
        )


def downgrade() -> None:
    """Drop the tables."""
    op.execute("drop table competitor, lost_reason, pipeline_stage, pipeline")
