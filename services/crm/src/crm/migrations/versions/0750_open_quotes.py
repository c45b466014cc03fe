"""A disabled user owns no open quote either.

Revision ID: 0750
Revises: 0743
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS

revision = "0750"
down_revision = "0743"

_OWNED = {
    "active accounts": "from account where owner_id = new.id and status = 'active'",
    "open leads": """from lead
          where owner_id = new.id and status in ('new', 'working', 'qualified')""",
    "open deals": """from opportunity
          where owner_id = new.id and status = 'active' and state = 'open'""",
    "open activities": "from activity where owner_id = new.id and state = 'open'",
    "open contracts": """from contract
          where owner_id = new.id and status = 'active' and state in ('draft', 'sent', 'signed')""",
}
_QUOTES = """from quote
          where owner_id = new.id and status = 'active' and state in ('draft', 'sent')"""


def _nothing_open(owned: dict[str, str]) -> str:
    cases = "\n        ".join(
        f"when exists (select {rows}) then '{kind}'" for kind, rows in owned.items()
    )
    return f"""create or replace function require_nothing_open() returns trigger
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


UP = (
    # Who has left keeps no open quote: it goes to whoever has its deal now, else to nobody.
    """update quote set version = quote.version + 1, owner_id = (
        select o.owner_id from opportunity o join local_user d on d.id = o.owner_id and d.active
          where o.id = quote.opportunity_id)
      from local_user u
      where u.id = quote.owner_id and not u.active
        and quote.status = 'active' and quote.state in ('draft', 'sent')""",
    "set constraints all immediate",
    """create index ix_quote_open on quote (owner_id, id)
      where status = 'active' and state in ('draft', 'sent')""",
    """create trigger quote_owner_active
      before insert or update of owner_id, status, state on quote for each row
      when (new.owner_id is not null and new.status = 'active' and new.state in ('draft', 'sent'))
      execute function require_active_owner()""",
    _nothing_open(_OWNED | {"open quotes": _QUOTES}),
    PIN_FUNCTIONS,
)
DOWN = (
    _nothing_open(_OWNED),
    "drop trigger quote_owner_active on quote",
    "drop index ix_quote_open",
    PIN_FUNCTIONS,
)


def upgrade() -> None:
    """Create trigger and index; open quotes of who has left go to whoever has the deal."""
    for statement in UP:
        op.execute(statement)


def downgrade() -> None:
    """Drop them; owners stay."""
    for statement in DOWN:
        op.execute(statement)
