"""Blocking keys of leads, and pairs that somebody said are two persons.

Revision ID: 0612
Revises: 0611
"""

from alembic import op

revision = "0612"
down_revision = "0611"


def upgrade() -> None:
    """Add the keys with their index, and the table."""
    op.execute("alter table lead add column blocks text[] default '{}' not null")
    op.execute("create index ix_lead_blocks on lead using gin (blocks)")
    op.execute(
        """create table lead_distinct (
          lead_id uuid not null,
          record_type text not null,
          record_id uuid not null,
          fingerprint bytea not null,
          dismissed_at timestamptz not null,
          dismissed_by text not null,
          constraint pk_lead_distinct primary key (lead_id, record_type, record_id),
          constraint fk_lead_distinct_lead_id_lead foreign key (lead_id) references lead (id),
          constraint ck_lead_distinct_record_type_known
            check (record_type in ('lead', 'contact', 'account')),
          constraint ck_lead_distinct_fingerprint_length check (length(fingerprint) = 32),
          constraint ck_lead_distinct_two_records check (lead_id <> record_id)
        )"""
    )


def downgrade() -> None:
    """Drop the table and the keys."""
    op.execute("drop table lead_distinct")
    op.execute("alter table lead drop column blocks")
