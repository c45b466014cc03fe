"""No approval waits for a user who is disabled.

Revision ID: 0723
Revises: 0722
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0723"
down_revision = "0722"

UP = (
    # The lock lets nobody disable the user before what waits for the user is committed.
    """create function approver_active() returns trigger language plpgsql as $$
    begin
      perform from local_user where id = new.user_id and active for share;
      if found then
        return new;
      end if;
      if tg_op = 'INSERT' then
        return null; -- others are asked
      end if;
      raise exception 'the approver % is disabled', new.user_id
        using errcode = 'check_violation', constraint = 'owner_active', table = tg_table_name;
    end $$""",
    """create trigger approval_approver_active before insert or update of user_id
      on approval_approver for each row execute function approver_active()""",
    """create function require_no_approval_waits() returns trigger language plpgsql as $$
    begin
      if exists (select from approval_approver p
          join approval a on a.id = p.approval_id and a.state = 'pending'
          join approval_step s on s.approval_id = p.approval_id and s.number = p.step
            and s.state in ('waiting', 'open')
          where p.user_id = new.id and not exists (select from approval_decision d
            where d.approval_id = p.approval_id and d.step = p.step
              and coalesce(d.on_behalf_of, d.decided_by) = 'user:' || p.user_id)) then
        raise exception 'approvals wait for user %', new.id
          using errcode = 'check_violation', constraint = 'owns_nothing_open',
            table = tg_table_name;
      end if;
      return new;
    end $$""",
    """create trigger local_user_no_approval_waits before update of active on local_user
      for each row when (old.active and not new.active)
      execute function require_no_approval_waits()""",
    PIN_FUNCTIONS,
)


def upgrade() -> None:
    """Ask at both ends: who is asked is active, who is disabled is not asked."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Ask nothing."""
    op.execute("drop trigger local_user_no_approval_waits on local_user")
    op.execute("drop trigger approval_approver_active on approval_approver")
    op.execute("drop function require_no_approval_waits()")
    op.execute("drop function approver_active()")
