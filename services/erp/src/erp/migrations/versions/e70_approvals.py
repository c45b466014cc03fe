"""Approvals: what waits for a person's decision.

Revision ID: e70
Revises: e60
"""

from alembic import op

revision = "e70"
down_revision = "e60"

_TABLES = (
    """create table approval (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      kind text not null,
      subject_type text not null,
      subject_id uuid not null,
      reason text not null,
      facts jsonb not null,
      asked_by text not null,
      state text not null,
      decided_by text,
      decided_at timestamptz,
      note text not null,
      constraint pk_approval primary key (id),
      constraint ck_approval_kind_known check (kind in ('credit')),
      constraint ck_approval_state_known
        check (state in ('pending', 'approved', 'refused', 'withdrawn')),
      constraint ck_approval_decided_by_someone
        check ((state in ('approved', 'refused')) = (decided_by is not null)),
      constraint ck_approval_decided_by_another check (decided_by <> asked_by)
    )""",
    "create index ix_approval_created_at on approval (created_at, id)",
    "create index ix_approval_state on approval (state, created_at, id)",
    """create unique index uq_approval_pending_subject_id on approval (kind, subject_id)
      where state = 'pending'""",
)

_DECIDED = """create function decided_approval_stays() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.state <> 'pending' then
    raise exception 'approval % was decided: it is never changed', old.id
      using errcode = 'restrict_violation';
  end if;
  return new;
end $$"""


def upgrade() -> None:
    for statement in _TABLES:
        op.execute(statement)
    op.execute(_DECIDED)
    op.execute(
        """create trigger approval_stays_decided before update or delete on approval
          for each row execute function decided_approval_stays()"""
    )


def downgrade() -> None:
    op.execute("drop table approval")
    op.execute("drop function decided_approval_stays()")
