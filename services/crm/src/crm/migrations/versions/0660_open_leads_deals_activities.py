"""A disabled user owns no open lead, deal or activity either; new leads and stale deals by owner.

Revision ID: 0660
Revises: 0651
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0660"
down_revision = "0651"

_OPEN = {
    "lead": "new.status in ('new', 'working', 'qualified')",
    "opportunity": "new.status = 'active' and new.state = 'open'",
    "activity": "new.state = 'open'",
}
_STATES = {"lead": "status", "opportunity": "status, state", "activity": "state"}
_TRIGGERS = tuple(
    f"""create trigger {table}_owner_active before insert or update of owner_id, {_STATES[table]}
      on {table} for each row when (new.owner_id is not null and {is_open})
      execute function require_active_owner()"""
    for table, is_open in _OPEN.items()
)
_NOTHING_OPEN = """create or replace function require_nothing_open() returns trigger
    language plpgsql as $$
    declare
      kind text;
    begin
      kind := case
        {cases}
      end;
      if kind is not null then
        raise exception 'user % owns %', new.id, kind
          using errcode = 'check_violation', constraint = 'owns_nothing_open',
            table = tg_table_name;
      end if;
      return new;
    end $$"""
_ACCOUNTS = """when exists (select from account where owner_id = new.id and status = 'active')
          then 'active accounts'"""
_ALL = f"""{_ACCOUNTS}
        when exists (select from lead
          where owner_id = new.id and status in ('new', 'working', 'qualified')) then 'open leads'
        when exists (select from opportunity
          where owner_id = new.id and status = 'active' and state = 'open') then 'open deals'
        when exists (select from activity where owner_id = new.id and state = 'open')
          then 'open activities'"""

UP = (
    *_TRIGGERS,
    _NOTHING_OPEN.format(cases=_ALL),
    """create index ix_lead_open on lead (owner_id, status, created_at, id)
      where status in ('new', 'working', 'qualified')""",
    """create index ix_opportunity_open on opportunity (owner_id, stage_since, id)
      where status = 'active' and state = 'open'""",
)


def upgrade() -> None:
    """Create the triggers and indexes."""
    for statement in UP:
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop them; the promise is that of accounts again."""
    op.execute("drop index ix_opportunity_open")
    op.execute("drop index ix_lead_open")
    op.execute(_NOTHING_OPEN.format(cases=_ACCOUNTS))
    for table in _OPEN:
        op.execute(f"drop trigger {table}_owner_active on {table}")
    op.execute(PIN_FUNCTIONS)
