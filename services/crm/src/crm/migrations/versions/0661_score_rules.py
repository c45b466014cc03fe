"""Score rules, events of leads, and the scores of leads.

Revision ID: 0661
Revises: 0660
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions
from records.custom.tables import add_values

revision = "0661"
down_revision = "0660"

INDEXES = {
    "created_at": "created_at, id",
    "updated_at": "updated_at, id",
    "sort_key": "sort_key, id",
    "status_created_at": "status, created_at, id",
}
SEARCHED = ("score_rule", "name, sort_key", "search_name(new.name, new.sort_key)")

OF_LEADS = (
    """create table lead_event (
      id uuid not null,
      lead_id uuid not null,
      event_id text not null,
      kind text not null,
      happened_at timestamptz not null,
      created_at timestamptz not null,
      constraint pk_lead_event primary key (id),
      constraint uq_lead_event_event_id unique (event_id),
      constraint fk_lead_event_lead_id_lead foreign key (lead_id) references lead (id),
      constraint ck_lead_event_event_id_given check (event_id <> ''),
      constraint ck_lead_event_kind_form check (kind ~ '^[a-z][a-z0-9_.-]{0,62}$')
    )""",
    "create index ix_lead_event_lead_id_happened_at on lead_event (lead_id, happened_at, id)",
    "alter table lead add column score numeric(20, 4) not null default 0",
    "alter table lead add column score_parts jsonb",
    "alter table lead add column scored_at timestamptz",
    "create index ix_lead_score on lead (score, id)",
    """create index ix_lead_score_due on lead (
      (coalesce(scored_at, '-infinity'::timestamptz)), id)
      where status in ('new', 'working', 'qualified')""",
    # What the rules see may have changed: the lead is scored anew.
    """create function let_lead_be_scored() returns trigger language plpgsql as $$
    begin
      new.scored_at := null;
      return new;
    end $$""",
    """create trigger lead_scored_anew before update of version on lead
      for each row when (new.version <> old.version and new.status in
        ('new', 'working', 'qualified')) execute function let_lead_be_scored()""",
)


def upgrade() -> None:
    """Create the tables with their indexes and texts, and the columns of leads."""
    op.execute(
        """create table score_rule (
          id uuid not null,
          version integer not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          name text not null,
          sort_key text collate "C" not null,
          note text not null,
          based_on text not null,
          conditions jsonb not null,
          points smallint not null,
          half_life_days smallint,
          count_max smallint,
          status text not null,
          constraint pk_score_rule primary key (id),
          constraint ck_score_rule_name_given check (name <> ''),
          constraint ck_score_rule_status_known check (status in ('active', 'archived')),
          constraint ck_score_rule_based_on_known
            check (based_on in ('field', 'touch', 'activity', 'event')),
          constraint ck_score_rule_points_range
            check (points between -1000 and 1000 and points <> 0),
          constraint ck_score_rule_half_life_days_range
            check (half_life_days between 1 and 3650),
          constraint ck_score_rule_count_max_range check (count_max between 1 and 1000),
          constraint ck_score_rule_fields_count_once
            check (count_max is null or based_on <> 'field'),
          constraint ck_score_rule_conditions_listed check (jsonb_typeof(conditions) = 'array')
        )"""
    )
    for name, columns in INDEXES.items():
        op.execute(f"create index ix_score_rule_{name} on score_rule ({columns})")
    op.execute(
        """create table score_rule_search (
          score_rule_id uuid not null,
          search text not null,
          constraint pk_score_rule_search primary key (score_rule_id),
          constraint fk_score_rule_search_score_rule_id_score_rule
            foreign key (score_rule_id) references score_rule (id)
            on delete cascade
        )"""
    )
    op.execute(
        "create index ix_score_rule_search_search on score_rule_search"
        " using gin (search_grams(search))"
    )
    for statement in (
        *OF_LEADS,
        *search_functions.kept_beside(*SEARCHED),
        *add_values("score_rule"),
    ):
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop the tables, the columns, and the functions of their triggers."""
    op.execute("drop trigger lead_scored_anew on lead")
    op.execute("drop function let_lead_be_scored()")
    op.execute("alter table lead drop column score, drop column score_parts, drop column scored_at")
    op.execute("drop table lead_event")
    op.execute("drop table score_rule_search, score_rule")
    op.execute("drop function keep_score_rule_search()")
