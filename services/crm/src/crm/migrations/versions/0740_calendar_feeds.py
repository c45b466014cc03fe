"""Secret addresses by which calendar programs read activities.

Revision ID: 0740
Revises: 0731
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0740"
down_revision = "0731"

_DUE = (
    "coalesce(due_at, (due_on::timestamp at time zone 'UTC'), starts_at, 'infinity'::timestamptz)"
)
UP = (
    """create table calendar_feed (
      id uuid not null,
      user_id uuid not null,
      token_hash bytea not null,
      created_at timestamptz not null,
      revoked_at timestamptz,
      constraint pk_calendar_feed primary key (id),
      constraint uq_calendar_feed_token_hash unique (token_hash),
      constraint fk_calendar_feed_user_id_local_user foreign key (user_id)
        references local_user (id),
      constraint ck_calendar_feed_token_hash_length check (length(token_hash) = 32)
    )""",
    """create unique index uq_calendar_feed_active on calendar_feed (user_id)
      where revoked_at is null""",
    f"create index ix_activity_owner_due on activity (owner_id, ({_DUE}), id)",
    # Whoever is disabled, or erased, has no feed from then on, whichever way it was done.
    """create function calendar_feed_revoke() returns trigger language plpgsql as $$
    begin
      update calendar_feed set revoked_at = new.updated_at
        where user_id = new.id and revoked_at is null;
      return null;
    end $$""",
    """create trigger calendar_feed_revoke after update of active on local_user
      for each row when (old.active and not new.active) execute function calendar_feed_revoke()""",
    # Nobody makes one for a user who is disabled; both acts wait for each other's row of the user.
    """create function calendar_feed_of_active() returns trigger language plpgsql as $$
    begin
      perform from local_user where id = new.user_id and active for share;
      if not found then
        raise exception 'user % is disabled', new.user_id
          using errcode = 'check_violation', constraint = 'ck_calendar_feed_user_active',
            table = 'calendar_feed';
      end if;
      return null;
    end $$""",
    """create constraint trigger calendar_feed_of_active after insert on calendar_feed
      for each row when (new.revoked_at is null) execute function calendar_feed_of_active()""",
    PIN_FUNCTIONS,
)
DOWN = (
    "drop trigger calendar_feed_revoke on local_user",
    "drop table calendar_feed",
    "drop function calendar_feed_revoke()",
    "drop function calendar_feed_of_active()",
    "drop index ix_activity_owner_due",
)


def upgrade() -> None:
    """Add the table, its triggers, and what a user's calendar is read by."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Take the addresses away."""
    for statement in DOWN:
        op.execute(statement)
