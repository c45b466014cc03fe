"""What both halves have is compared.

Revision ID: 0220
Revises: 0211
"""

from alembic import op

revision = "0220"
down_revision = "0211"

TABLES = (
    """create table comparison (
      id uuid not null,
      state text not null,
      entities text[] not null,
      asked_by text not null,
      begun_at timestamptz not null,
      finished_at timestamptz,
      trouble text not null default '',
      compared jsonb not null default '{}',
      constraint pk_comparison primary key (id),
      constraint ck_comparison_state_known check (state in ('reading', 'done')),
      constraint ck_comparison_done_is_finished
        check ((state = 'reading') = (finished_at is null))
    )""",
    "create unique index uq_comparison_reading on comparison (state) where state = 'reading'",
    "create index ix_comparison_begun_at on comparison (begun_at, id)",
    """create table comparison_reading (
      comparison_id uuid not null,
      half text not null,
      name text not null,
      place smallint not null,
      after text not null default '',
      read bigint not null default 0,
      finished boolean not null default false,
      constraint pk_comparison_reading primary key (comparison_id, half, name),
      constraint fk_comparison_reading_comparison_id_comparison
        foreign key (comparison_id) references comparison (id) on delete cascade,
      constraint ck_comparison_reading_half_known check (half in ('crm', 'erp'))
    )""",
    """create table compared_record (
      comparison_id uuid not null,
      entity text not null,
      half text not null,
      id uuid not null,
      sent jsonb,
      held jsonb,
      crosses boolean not null,
      link text,
      number text not null,
      name text not null,
      constraint pk_compared_record primary key (comparison_id, entity, half, id),
      constraint fk_compared_record_comparison_id_comparison
        foreign key (comparison_id) references comparison (id) on delete cascade,
      constraint ck_compared_record_half_known check (half in ('crm', 'erp'))
    )""",
    """create table difference (
      id uuid not null,
      comparison_id uuid not null,
      entity text not null,
      kind text not null,
      half text not null,
      leads text not null,
      crm_id uuid,
      erp_id uuid,
      number text not null,
      name text not null,
      fields jsonb not null default '[]',
      reason text not null default '',
      constraint pk_difference primary key (id),
      constraint fk_difference_comparison_id_comparison
        foreign key (comparison_id) references comparison (id) on delete cascade,
      constraint ck_difference_kind_known check
        (kind in ('fields_differ', 'record_missing', 'link_missing', 'not_linked')),
      constraint ck_difference_half_known check (half in ('crm', 'erp')),
      constraint ck_difference_leads_known check (leads in ('crm', 'erp')),
      constraint ck_difference_fields_say_which
        check ((kind = 'fields_differ') = (fields <> '[]')),
      constraint ck_difference_of_a_record check (crm_id is not null or erp_id is not null)
    )""",
    "create index ix_difference_comparison_id on difference (comparison_id, entity, id)",
    "create index ix_difference_kind on difference (comparison_id, kind, entity, id)",
)


def upgrade() -> None:
    """Make their tables."""
    for table in TABLES:
        op.execute(table)


def downgrade() -> None:
    """Drop them with what was found."""
    for table in ("difference", "compared_record", "comparison_reading", "comparison"):
        op.execute(f"drop table {table}")
