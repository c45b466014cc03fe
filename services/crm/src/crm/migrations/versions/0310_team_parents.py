"""Teams get a parent, and no team lies below itself, whichever way it is written.

Revision ID: 0310
Revises: 0330
"""

from alembic import op

revision = "0310"
down_revision = "0330"

_NO_LOOP = """create function team_no_loop() returns trigger language plpgsql as $$ begin
  perform pg_advisory_xact_lock(hashtextextended('crm team tree', 0));
  if exists (
      with recursive above as (
        select id, parent_id from team where id = new.parent_id
        union select t.id, t.parent_id from team t join above a on t.id = a.parent_id)
      select from above where id = new.id) then
    raise exception 'team % lies below itself', new.id
      using errcode = 'check_violation', constraint = 'ck_team_no_loop', table = 'team';
  end if;
  return null;
end $$"""


def upgrade() -> None:
    """Add the column, which is empty, so nothing is checked that is there."""
    op.execute("alter table team add column parent_id uuid")
    op.execute(
        """alter table team add constraint fk_team_parent_id_team
             foreign key (parent_id) references team (id),
           add constraint ck_team_not_its_own_parent check (parent_id <> id)"""
    )
    op.execute("create index ix_team_parent_id on team (parent_id)")
    op.execute(_NO_LOOP)
    op.execute(
        """create trigger team_no_loop after insert or update of parent_id on team
             for each row when (new.parent_id is not null) execute function team_no_loop()"""
    )


def downgrade() -> None:
    """Take it away."""
    op.execute("drop trigger team_no_loop on team")
    op.execute("drop function team_no_loop()")
    op.execute("alter table team drop column parent_id")
