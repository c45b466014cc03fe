"""Hand-overs; a disabled user owns no active account.

Revision ID: 0633
Revises: 0632
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0633"
down_revision = "0632"

UP = (
    """create table hand_over (
      id uuid not null,
      from_user_id uuid not null,
      moved jsonb not null,
      takers jsonb not null,
      disabled boolean not null,
      actor text not null,
      recorded_at timestamptz not null,
      constraint pk_hand_over primary key (id),
      constraint fk_hand_over_from_user_id_local_user
        foreign key (from_user_id) references local_user (id)
    )""",
    "create index ix_hand_over_recorded_at on hand_over (recorded_at, id)",
    "create index ix_hand_over_from_user_id on hand_over (from_user_id, recorded_at, id)",
    # The lock lets nobody disable the user before what is given to the user is committed.
    """create function require_active_owner() returns trigger language plpgsql as $$
    begin
      perform from local_user where id = new.owner_id and active for share;
      if not found then
        raise exception 'the owner % is disabled', new.owner_id
          using errcode = 'check_violation', constraint = 'owner_active', table = tg_table_name;
      end if;
      return new;
    end $$""",
    """create trigger account_owner_active before insert or update of owner_id, status on account
      for each row when (new.owner_id is not null and new.status = 'active')
      execute function require_active_owner()""",
    """create function require_nothing_open() returns trigger language plpgsql as $$
    begin
      if exists (select from account where owner_id = new.id and status = 'active') then
        raise exception 'user % owns active accounts', new.id
          using errcode = 'check_violation', constraint = 'owns_nothing_open',
            table = tg_table_name;
      end if;
      return new;
    end $$""",
    """create trigger local_user_owns_nothing_open before update of active on local_user
      for each row when (old.active and not new.active)
      execute function require_nothing_open()""",
)


def upgrade() -> None:
    """Create the table and both triggers."""
    for statement in UP:
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop them."""
    op.execute("drop trigger local_user_owns_nothing_open on local_user")
    op.execute("drop trigger account_owner_active on account")
    op.execute("drop function require_nothing_open()")
    op.execute("drop function require_active_owner()")
    op.execute("drop table hand_over")
