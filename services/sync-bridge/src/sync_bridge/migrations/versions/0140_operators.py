"""Quarantine is decided on, lanes are found by number and name, fresh lanes are leased fairly.

Revision ID: 0140
Revises: 0170
"""

from alembic import op

revision = "0140"
down_revision = "0170"

UP = (
    """alter table quarantine
      add column state text not null default 'open',
      add column event_id uuid,
      add column type text,
      add column lane text,
      add column subject uuid,
      add column decided_at timestamptz,
      add column decided_by text,
      add column note text not null default '',
      add constraint ck_quarantine_state_known
        check (state in ('open', 'released', 'dismissed')),
      add constraint ck_quarantine_decided_by_one
        check ((state = 'open') = (decided_at is null)
          and (decided_at is null) = (decided_by is null)),
      add constraint ck_quarantine_event_has_lane check (event_id is null or lane is not null)""",
    """update quarantine q set event_id = i.event_id, type = i.type, lane = i.lane,
      subject = i.subject
      from inbox i where i.source = q.source and i.state = 'quarantined'
       and i.event_id::text = q.place""",
    "create index ix_quarantine_state on quarantine (state, received_at, id)",
    "create index ix_quarantine_subject on quarantine (subject, received_at, id)",
    """alter table lane
      add column number text not null default '',
      add column name text not null default '',
      add column number_key text collate "C" not null default '',
      add column name_key text collate "C" not null default '',
      add column label_version bigint not null default 0""",
    "create index ix_lane_number on lane (number_key) where number_key <> ''",
    "create index ix_lane_name on lane (name_key) where name_key <> ''",
    "create index ix_lane_subject on lane (subject)",
    "create index ix_lane_kind on lane (kind, since, id)",
    "create index ix_lane_kind_due on lane (kind, next_at) where state = 'ready'",
    "drop index ix_lane_due",
)
DOWN = (
    "create index ix_lane_due on lane (next_at) where state = 'ready'",
    "drop index ix_lane_kind_due",
    "drop index ix_lane_kind",
    "drop index ix_lane_subject",
    """alter table lane drop column number, drop column name, drop column number_key,
      drop column name_key, drop column label_version""",
    "drop index ix_quarantine_subject",
    "drop index ix_quarantine_state",
    """alter table quarantine drop column state, drop column event_id, drop column type,
      drop column lane, drop column subject, drop column decided_at, drop column decided_by,
      drop column note""",
)


def upgrade() -> None:
    """Add columns and indexes; lanes are named as their next events pass."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Take them away."""
    for statement in DOWN:
        op.execute(statement)
