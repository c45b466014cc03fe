"""Approvals by rules: steps, people, decisions, delegations; those that are there go along.

Revision ID: e650
Revises: e640
"""

from alembic import op

from approvals import tables
from chassis.schema.rights import PIN_FUNCTIONS

revision = "e650"
down_revision = "e640"

_BEFORE = (
    "drop trigger approval_stays_decided on approval",
    "drop function decided_approval_stays()",
    """alter table approval drop constraint ck_approval_kind_known,
      drop constraint ck_approval_state_known, drop constraint ck_approval_decided_by_someone""",
)
_ROWS = (
    """insert into approval_step (approval_id, number, stage, approvers, role, quorum, state,
        opened_at)
      select id, 1, 1, 'permission', 'sales.approve', 1,
          case state when 'pending' then 'open' when 'withdrawn' then 'closed' else state end,
          created_at
        from approval""",
    """insert into approval_decision (id, approval_id, step, verdict, decided_by, reason,
        recorded_at)
      select gen_random_uuid(), id, 1, state, decided_by, note, decided_at
        from approval where state in ('approved', 'refused')""",
)
_BACK = (
    """update approval set state = 'withdrawn', decided_by = null, decided_at = null
      where state = 'voided'""",
    """alter table approval add constraint ck_approval_kind_known check (kind in ('credit')),
      add constraint ck_approval_state_known
        check (state in ('pending', 'approved', 'refused', 'withdrawn')),
      add constraint ck_approval_decided_by_someone
        check ((state in ('approved', 'refused')) = (decided_by is not null))""",
    """create function decided_approval_stays() returns trigger language plpgsql as $$
    begin
      if tg_op = 'DELETE' or old.state <> 'pending' then
        raise exception 'approval % was decided: it is never changed', old.id
          using errcode = 'restrict_violation';
      end if;
      return new;
    end $$""",
    """create trigger approval_stays_decided before update or delete on approval
      for each row execute function decided_approval_stays()""",
)


def upgrade() -> None:
    """Add the tables; each approval gets the one step and the decision that it had."""
    for statement in (*_BEFORE, *tables.DDL, *_ROWS, *tables.FUNCTIONS, PIN_FUNCTIONS):
        op.execute(statement)


def downgrade() -> None:
    """Take rules, steps and decisions away; the approvals with their last decision stay."""
    for statement in (*tables.DROP_DDL, *_BACK, PIN_FUNCTIONS):
        op.execute(statement)
