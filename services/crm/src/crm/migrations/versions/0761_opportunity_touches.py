"""Which activities are touches of which deals stands in a table of its own, kept with them.

Revision ID: 0761
Revises: 0760
"""

from uuid import UUID

from alembic import op
from sqlalchemy import text

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0761"
down_revision = "0760"

_BATCH = 20_000
_IS_TOUCH = """{0}.state = 'done' and {0}.kind in ('call', 'meeting', 'email')
    and not {0}.system_generated and not {0}.bulk"""
_ADDED = """insert into opportunity_touch
    (opportunity_id, activity_id, channel, outbound, touched_at)
  select r.record_id, a.id, a.kind, a.kind = 'meeting' or a.direction = 'outbound', a.timeline_at
  from {activity} a join activity_record r on r.activity_id = a.id
    and r.record_type = 'opportunity'"""
_COUNTED = f"""with batch as (
    select * from activity where id > :after order by id limit :batch),
  kept as ({_ADDED.format(activity="batch")} where {_IS_TOUCH.format("a")})
  select id from batch order by id desc limit 1"""
_SAYS = (
    "record_type, record_id, related, state, kind, direction, system_generated, bulk,"
    " starts_at, done_at"
)
# The functions act as the owner: processes that serve while `migrate` runs have no right to the
# table yet.
UP = (
    """create table opportunity_touch (
      opportunity_id uuid not null,
      activity_id uuid not null,
      channel text not null,
      outbound boolean not null,
      touched_at timestamptz not null,
      constraint pk_opportunity_touch primary key (activity_id, opportunity_id),
      constraint fk_opportunity_touch_activity_id_activity
        foreign key (activity_id) references activity (id) on delete cascade,
      constraint ck_opportunity_touch_channel_known
        check (channel in ('call', 'meeting', 'email'))
    )""",
    """create index ix_opportunity_touch_touched_at on opportunity_touch
      (opportunity_id, touched_at) include (activity_id, channel, outbound)""",
    # Runs after keep_activity_records: triggers of one event go by their names.
    f"""create function keep_opportunity_touches() returns trigger language plpgsql
      security definer as $$
    begin
      if tg_op = 'UPDATE' then
        delete from opportunity_touch where activity_id = new.id;
      end if;
      if {_IS_TOUCH.format("new")} then
        {_ADDED.format(activity="activity")} where a.id = new.id;
      end if;
      return null;
    end $$""",
    f"""create trigger keep_opportunity_touches after insert on activity
      for each row when ({_IS_TOUCH.format("new")})
      execute function keep_opportunity_touches()""",
    f"""create trigger keep_opportunity_touches_changed after update of {_SAYS} on activity
      for each row when (({", ".join(f"old.{one}" for one in _SAYS.split(", "))})
        is distinct from ({", ".join(f"new.{one}" for one in _SAYS.split(", "))}))
      execute function keep_opportunity_touches()""",
)
DOWN = (
    "drop trigger keep_opportunity_touches_changed on activity",
    "drop trigger keep_opportunity_touches on activity",
    "drop function keep_opportunity_touches()",
    "drop table opportunity_touch",
)


def upgrade() -> None:
    """Add the table with what is there so far, and keep it from now on."""
    for statement in UP:
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)
    after: UUID | None = UUID(int=0)
    while after:
        given = {"after": after, "batch": _BATCH}
        after = op.get_bind().execute(text(_COUNTED), given).scalar()


def downgrade() -> None:
    """Take it away; the activities themselves stay."""
    for statement in DOWN:
        op.execute(statement)
