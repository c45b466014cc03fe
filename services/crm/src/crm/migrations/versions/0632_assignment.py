"""Assignment rules, and what they are found by.

Revision ID: 0632
Revises: 0631
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions
from records.custom.tables import add_values

revision = "0632"
down_revision = "0631"

INDEXES = {
    "created_at": "created_at, id",
    "updated_at": "updated_at, id",
    "sort_key": "sort_key, id",
    "order": "subject_type, position, created_at, id",
    "team_id": "team_id",
    "status_created_at": "status, created_at, id",
}
SEARCHED = ("assignment_rule", "name, sort_key", "search_name(new.name, new.sort_key)")

DECIDING = (
    """create table assignment_lane (
      subject_type text not null,
      turns bigint not null,
      constraint pk_assignment_lane primary key (subject_type)
    )""",
    """create table assignment_turn (
      rule_id uuid not null,
      user_id uuid not null,
      last_turn bigint not null,
      served bigint not null,
      constraint pk_assignment_turn primary key (rule_id, user_id),
      constraint fk_assignment_turn_rule_id_assignment_rule
        foreign key (rule_id) references assignment_rule (id),
      constraint fk_assignment_turn_user_id_staff_member
        foreign key (user_id) references staff_member (id)
    )""",
    "create index ix_assignment_turn_user_id on assignment_turn (user_id)",
    """create table assignment_waiting (
      id uuid not null,
      subject_type text not null,
      subject_id uuid not null,
      recorded_at timestamptz not null,
      reason text not null,
      constraint pk_assignment_waiting primary key (id),
      constraint uq_assignment_waiting_subject_type_subject_id unique (subject_type, subject_id)
    )""",
    """create index ix_assignment_waiting_oldest
      on assignment_waiting (subject_type, recorded_at, id)""",
    "create index ix_assignment_waiting_recorded_at on assignment_waiting (recorded_at, id)",
    """create table assignment_decision (
      id uuid not null,
      subject_type text not null,
      subject_id uuid not null,
      rule_id uuid not null,
      rule_version integer not null,
      user_id uuid not null,
      method text not null,
      facts jsonb not null,
      candidates jsonb not null,
      waiting_since timestamptz not null,
      recorded_at timestamptz not null,
      constraint pk_assignment_decision primary key (id),
      constraint uq_assignment_decision_subject_type_subject_id unique (subject_type, subject_id),
      constraint fk_assignment_decision_rule_id_assignment_rule
        foreign key (rule_id) references assignment_rule (id),
      constraint fk_assignment_decision_user_id_staff_member
        foreign key (user_id) references staff_member (id)
    )""",
    "create index ix_assignment_decision_recorded_at on assignment_decision (recorded_at, id)",
    "create index ix_assignment_decision_rule_id on assignment_decision (rule_id, recorded_at, id)",
    "create index ix_assignment_decision_user_id on assignment_decision (user_id, recorded_at, id)",
)


def upgrade() -> None:
    """Create the table, its indexes, and the table of texts with its triggers."""
    op.execute(
        """create table assignment_rule (
          id uuid not null,
          version integer not null,
          created_at timestamptz not null,
          updated_at timestamptz not null,
          name text not null,
          sort_key text collate "C" not null,
          note text not null,
          subject_type text not null,
          position integer not null,
          conditions jsonb not null,
          method text not null,
          user_ids uuid[] not null,
          team_id uuid,
          status text not null,
          constraint pk_assignment_rule primary key (id),
          constraint ck_assignment_rule_name_given check (name <> ''),
          constraint fk_assignment_rule_team_id_team foreign key (team_id) references team (id),
          constraint ck_assignment_rule_subject_type_form
            check (subject_type ~ '^[a-z][a-z_]{0,62}$'),
          constraint ck_assignment_rule_position_not_negative check (position >= 0),
          constraint ck_assignment_rule_conditions_listed
            check (jsonb_typeof(conditions) = 'array'),
          constraint ck_assignment_rule_users_or_team
            check ((cardinality(user_ids) > 0) <> (team_id is not null)),
          constraint ck_assignment_rule_method_known
            check (method in ('round_robin', 'load')),
          constraint ck_assignment_rule_status_known check (status in ('active', 'archived'))
        )"""
    )
    for name, columns in INDEXES.items():
        op.execute(f"create index ix_assignment_rule_{name} on assignment_rule ({columns})")
    op.execute(
        """create table assignment_rule_search (
          assignment_rule_id uuid not null,
          search text not null,
          constraint pk_assignment_rule_search primary key (assignment_rule_id),
          constraint fk_assignment_rule_search_assignment_rule_id_assignment_rule
            foreign key (assignment_rule_id) references assignment_rule (id)
            on delete cascade
        )"""
    )
    op.execute(
        "create index ix_assignment_rule_search_search on assignment_rule_search"
        " using gin (search_grams(search))"
    )
    for statement in (*search_functions.kept_beside(*SEARCHED), *add_values("assignment_rule")):
        op.execute(statement)
    for statement in DECIDING:
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop both tables, and the function of their triggers."""
    op.execute(
        "drop table assignment_decision, assignment_waiting, assignment_turn, assignment_lane"
    )
    op.execute("drop table assignment_rule_search, assignment_rule")
    op.execute("drop function keep_assignment_rule_search()")
