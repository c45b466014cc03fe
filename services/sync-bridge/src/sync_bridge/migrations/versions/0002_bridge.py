"""Inbox, lanes, and who is whom.

Revision ID: 0002
Revises: 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"

INBOX = (
    """create table inbox (
      source text not null,
      event_id uuid not null,
      type text not null,
      lane text,
      subject uuid not null,
      aggversion bigint not null,
      occurred_at timestamptz not null,
      origin text not null,
      hops smallint not null,
      correlationid uuid not null,
      causationid uuid,
      traceparent text,
      feed_seq bigint,
      state text not null,
      outcome text,
      data bytea not null,
      received_at timestamptz not null default now(),
      settled_at timestamptz,
      constraint pk_inbox primary key (source, event_id),
      constraint ck_inbox_state_known check (state in
        ('received', 'done', 'ignored', 'unknown', 'quarantined', 'skipped')),
      constraint ck_inbox_settled_when_left
        check ((state = 'received') = (settled_at is null)),
      constraint ck_inbox_received_has_lane check (state <> 'received' or lane is not null)
    )""",
    "create index ix_inbox_lane on inbox (lane, aggversion) where state = 'received'",
    "create index ix_inbox_open on inbox (source, feed_seq) where state = 'received'",
    "create index ix_inbox_state on inbox (state, received_at, event_id)",
    "create index ix_inbox_received_at on inbox (received_at, event_id)",
    "create index ix_inbox_position on inbox (source, feed_seq)",
    """create table cursor (
      name text not null,
      value text not null,
      updated_at timestamptz not null default now(),
      constraint pk_cursor primary key (name)
    )""",
    """create table position (
      source text not null,
      service text not null,
      mark bigint not null default 0,
      head bigint not null default 0,
      events bigint not null default 0,
      updated_at timestamptz not null default now(),
      constraint pk_position primary key (source)
    )""",
    """create table source_condition (
      name text not null,
      state text not null,
      reason text not null,
      missing text not null,
      failures integer not null,
      answered_at timestamptz not null,
      told_at timestamptz not null default now(),
      constraint pk_source_condition primary key (name)
    )""",
    """create table quarantine (
      id uuid not null,
      source text not null,
      place text not null,
      reason text not null,
      raw bytea not null,
      headers jsonb not null,
      received_at timestamptz not null,
      constraint pk_quarantine primary key (id)
    )""",
    "create unique index uq_quarantine_place on quarantine (source, place)",
    "create index ix_quarantine_received_at on quarantine (received_at, id)",
)

LANES = (
    """create table lane (
      key text not null,
      id uuid not null,
      kind text not null,
      subject uuid not null,
      applied_version bigint not null default 0,
      pending integer not null,
      state text not null,
      since timestamptz not null,
      next_at timestamptz not null,
      attempts integer not null default 0,
      refusals integer not null default 0,
      failing_since timestamptz,
      lease_epoch bigint not null default 0,
      lease_until timestamptz,
      waits_for text,
      reason text,
      detail text,
      blocked_version bigint,
      version integer not null default 0,
      constraint pk_lane primary key (key),
      constraint ck_lane_state_known check (state in ('idle', 'ready', 'waiting', 'parked')),
      constraint ck_lane_pending_not_negative check (pending >= 0),
      constraint ck_lane_idle_is_empty check (state <> 'idle' or pending = 0),
      constraint ck_lane_waits_for_one check ((state = 'waiting') = (waits_for is not null)),
      constraint ck_lane_parked_says_why check (state <> 'parked' or reason is not null)
    )""",
    "create unique index uq_lane_id on lane (id)",
    "create index ix_lane_due on lane (next_at) where state = 'ready'",
    "create index ix_lane_waits_for on lane (waits_for) where waits_for is not null",
    "create index ix_lane_state on lane (state, since, id)",
    """create table pause (
      kind text not null,
      status smallint not null,
      refusals integer not null,
      since timestamptz not null,
      until timestamptz not null,
      constraint pk_pause primary key (kind)
    )""",
    """create table hole (
      id uuid not null,
      lane text not null,
      source text not null,
      event_id uuid not null,
      aggversion bigint not null,
      actor text not null,
      note text not null,
      at timestamptz not null,
      constraint pk_hole primary key (id)
    )""",
    "create index ix_hole_at on hole (at, id)",
    """create table lane_act (
      id uuid not null,
      lane text not null,
      act text not null,
      actor text not null,
      note text not null,
      reason text,
      at timestamptz not null,
      constraint pk_lane_act primary key (id)
    )""",
    "create index ix_lane_act_at on lane_act (at, id)",
)

IDENTITY = (
    """create table pair (
      id uuid not null,
      entity text not null,
      crm_id uuid not null,
      erp_id uuid not null,
      how text not null,
      created_at timestamptz not null,
      constraint pk_pair primary key (id),
      constraint uq_pair_entity_crm_id unique (entity, crm_id),
      constraint uq_pair_entity_erp_id unique (entity, erp_id),
      constraint ck_pair_how_known check (how in ('created', 'known', 'certain', 'person'))
    )""",
    "create index ix_pair_created_at on pair (created_at, id)",
    """create table shadow (
      entity text not null,
      half text not null,
      id uuid not null,
      digest bytea not null,
      source_version bigint not null,
      constraint pk_shadow primary key (entity, half, id)
    )""",
    """create table review (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      entity text not null,
      half text not null,
      subject uuid not null,
      candidates jsonb not null,
      state text not null,
      chosen uuid,
      decided_by text,
      decided_at timestamptz,
      constraint pk_review primary key (id),
      constraint ck_review_state_known check (state in
        ('open', 'linked', 'created', 'withdrawn')),
      constraint ck_review_linked_has_chosen check ((state = 'linked') = (chosen is not null))
    )""",
    """create unique index uq_review_open on review (entity, half, subject)
      where state = 'open'""",
    "create index ix_review_subject on review (entity, half, subject)",
    "create index ix_review_state on review (state, created_at, id)",
)

TABLES = (
    *("review", "shadow", "pair", "lane_act", "hole", "pause", "lane"),
    *("quarantine", "source_condition", "position", "cursor", "inbox"),
)


def upgrade() -> None:
    """Create them."""
    for statement in (*INBOX, *LANES, *IDENTITY):
        op.execute(statement)


def downgrade() -> None:
    """Drop them."""
    for table in TABLES:
        op.execute(f"drop table {table}")
