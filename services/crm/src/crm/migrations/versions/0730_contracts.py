"""Contract templates, contracts, their texts, numbers by year, and the tasks of renewals.

Revision ID: 0730
Revises: 0723
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions
from chassis.storage.states import transition_trigger
from records.custom.tables import add_values

revision = "0730"
down_revision = "0723"

_RECORD = """id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      name text not null,
      sort_key text collate "C" not null"""
_SIGNED = "state in ('signed', 'ended')"
_CLOSED = "state in ('ended', 'void')"
_IDS = {
    "template_id": "contract_template",
    "account_id": "account",
    "contact_id": "contact",
    "opportunity_id": "opportunity",
    "quote_id": "quote",
    "owner_id": "staff_member",
    "team_id": "team",
}
_COLUMNS = "".join(f"\n      {column} uuid," for column in _IDS)
_KEYS = "".join(
    f"\n      constraint fk_contract_{column}_{table}"
    f" foreign key ({column}) references {table} (id),"
    for column, table in _IDS.items()
)
TABLES = (
    f"""create table contract_template (
      {_RECORD},
      code text not null,
      template_version smallint not null,
      state text not null,
      language text not null,
      clauses jsonb not null,
      note text not null,
      published_at timestamptz,
      status text not null,
      constraint pk_contract_template primary key (id),
      constraint uq_contract_template_code_template_version unique (code, template_version),
      constraint ck_contract_template_name_given check (name <> ''),
      constraint ck_contract_template_code_given check (code <> ''),
      constraint ck_contract_template_status_known check (status in ('active', 'archived')),
      constraint ck_contract_template_state_known
        check (state in ('draft', 'published', 'superseded')),
      constraint ck_contract_template_language_known check (language in ('zh-CN', 'en')),
      constraint ck_contract_template_template_version_counted check (template_version >= 1),
      constraint ck_contract_template_clauses_listed check (
        jsonb_typeof(clauses) = 'array' and jsonb_array_length(clauses) <= 100),
      constraint ck_contract_template_published_is_whole check (
        (state = 'draft') = (published_at is null)
        and (state = 'draft' or jsonb_array_length(clauses) >= 1))
    )""",
    """create unique index uq_contract_template_draft on contract_template (code)
      where state = 'draft'""",
    """create unique index uq_contract_template_published on contract_template (code)
      where state = 'published'""",
    f"""create table contract (
      {_RECORD},
      number text not null,
      state text not null,{_COLUMNS}
      starts_on date,
      ends_on date,
      renewal_on date,
      notice_days smallint,
      notice_on date generated always as (renewal_on - coalesce(notice_days, 0)::integer) stored,
      contract_version smallint,
      text_hash text not null,
      sent_on date,
      signer text not null,
      signed_on date,
      closed_on date,
      closing_reason text not null,
      note text not null,
      status text not null,
      constraint pk_contract primary key (id),
      constraint uq_contract_number unique (number),{_KEYS}
      constraint ck_contract_name_given check (name <> ''),
      constraint ck_contract_status_known check (status in ('active', 'archived')),
      constraint ck_contract_state_known
        check (state in ('draft', 'sent', 'signed', 'ended', 'void')),
      constraint ck_contract_contract_version_counted check (contract_version >= 1),
      constraint ck_contract_text_has_hash
        check ((contract_version is null) = (text_hash = '')),
      constraint ck_contract_ends_after_start check (ends_on >= starts_on),
      constraint ck_contract_notice_days_known check (notice_days between 0 and 3650),
      constraint ck_contract_sent_is_whole check (state in ('draft', 'void')
        or (account_id is not null and template_id is not null
          and contract_version is not null and sent_on is not null)),
      constraint ck_contract_draft_not_sent check (state <> 'draft' or sent_on is null),
      constraint ck_contract_signed_by_someone check (
        ({_SIGNED}) = (signed_on is not null) and ({_SIGNED}) = (signer <> '')),
      constraint ck_contract_closed_on_a_day check (({_CLOSED}) = (closed_on is not null)),
      constraint ck_contract_ended_after_signed check (
        state <> 'ended' or closed_on >= signed_on)
    )""",
    """create table contract_text (
      contract_id uuid not null,
      contract_version smallint not null,
      template_id uuid not null,
      language text not null,
      snapshot jsonb not null,
      snapshot_hash text not null,
      text text not null,
      text_hash text not null,
      generated_at timestamptz not null,
      generated_by text not null,
      constraint pk_contract_text primary key (contract_id, contract_version),
      constraint fk_contract_text_contract_id_contract
        foreign key (contract_id) references contract (id),
      constraint fk_contract_text_template_id_contract_template
        foreign key (template_id) references contract_template (id),
      constraint ck_contract_text_contract_version_counted check (contract_version >= 1),
      constraint ck_contract_text_language_known check (language in ('zh-CN', 'en')),
      constraint ck_contract_text_text_hash_length check (length(text_hash) = 64),
      constraint ck_contract_text_snapshot_hash_length check (length(snapshot_hash) = 64),
      constraint ck_contract_text_text_given check (text <> '')
    )""",
    """alter table contract add constraint fk_contract_id_contract_version_contract_text
      foreign key (id, contract_version)
      references contract_text (contract_id, contract_version)""",
    "create index ix_contract_text_template_id on contract_text (template_id)",
    """create table contract_number (
      year smallint not null,
      last_number integer not null,
      constraint pk_contract_number primary key (year),
      constraint ck_contract_number_last_number_counted check (last_number >= 1)
    )""",
    """create table contract_renewal (
      contract_id uuid not null,
      renewal_on date not null,
      activity_id uuid not null,
      made_at timestamptz not null,
      constraint pk_contract_renewal primary key (contract_id, renewal_on),
      constraint uq_contract_renewal_activity_id unique (activity_id),
      constraint fk_contract_renewal_contract_id_contract
        foreign key (contract_id) references contract (id),
      constraint fk_contract_renewal_activity_id_activity
        foreign key (activity_id) references activity (id)
    )""",
)
_LISTED = {
    "created_at": "created_at, id",
    "updated_at": "updated_at, id",
    "sort_key": "sort_key, id",
}
INDEXES = {
    "contract_template": _LISTED
    | {f"{one}_created_at": f"{one}, created_at, id" for one in ("status", "state", "language")},
    "contract": _LISTED
    | {
        f"{one}_created_at": f"{one}, created_at, id"
        for one in ("status", "state", "owner_id", "team_id", "account_id", "opportunity_id")
    }
    | {one: one for one in ("contact_id", "quote_id", "template_id")}
    | {
        "number": "number, id",
        "ends_on": "coalesce(ends_on, 'infinity'), id",
        "renewal_on": "coalesce(renewal_on, 'infinity'), id",
    },
}
PARTIAL = (
    """create index ix_contract_open on contract (owner_id, id)
      where status = 'active' and state in ('draft', 'sent', 'signed')""",
    "create index ix_contract_ending on contract (ends_on, id) where state = 'signed'",
    "create index ix_contract_notice_on on contract (notice_on, id) where state = 'signed'",
)
SEARCHED = {
    "contract_template": (
        "name, sort_key, code",
        "search_number(new.code) || ' ' || search_name(new.name, new.sort_key)",
    ),
    "contract": (
        "name, sort_key, number",
        "search_number(new.number) || ' ' || search_name(new.name, new.sort_key)",
    ),
}
_SEARCH_KEYS = {
    "contract": "fk_contract_search_contract_id_contract",
    "contract_template": "fk_contract_template_search_contract_template_id_contra_548c",
}
"""Names of foreign keys, cut as the entities' are."""
# What was published, or sent, stays (C29). Accounts and contacts may be merged.
FIXED = (
    """create function contract_template_fixed() returns trigger language plpgsql as $$
    declare
      free text[] := array['version', 'updated_at', 'state', 'status', 'note', 'custom'];
    begin
      if old.state = 'draft' or tg_op = 'UPDATE'
          and to_jsonb(old) - free = to_jsonb(new) - free then
        return case when tg_op = 'DELETE' then old else new end;
      end if;
      raise exception 'contract template % was published: it stays as it is', old.id
        using errcode = 'check_violation', constraint = 'ck_contract_template_fixed',
          table = 'contract_template';
    end $$""",
    """create trigger contract_template_fixed before update or delete on contract_template
      for each row execute function contract_template_fixed()""",
    """create function contract_fixed() returns trigger language plpgsql as $$
    declare
      free text[] := array['version', 'updated_at', 'state', 'status', 'owner_id', 'team_id',
        'note', 'custom', 'account_id', 'contact_id', 'notice_on'] || case old.state
          when 'sent' then array['signer', 'signed_on', 'closed_on', 'closing_reason']
          when 'signed' then array['renewal_on', 'ends_on', 'closed_on', 'closing_reason']
          else '{}' end;
    begin
      if old.state = 'draft' or tg_op = 'UPDATE'
          and to_jsonb(old) - free = to_jsonb(new) - free then
        return case when tg_op = 'DELETE' then old else new end;
      end if;
      raise exception 'contract % was sent: it stays as it is', old.id
        using errcode = 'check_violation', constraint = 'ck_contract_fixed', table = 'contract';
    end $$""",
    """create trigger contract_fixed before update or delete on contract
      for each row execute function contract_fixed()""",
    """create function contract_text_fixed() returns trigger language plpgsql as $$
    declare
      changed jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
      wanted uuid := (changed ->> 'contract_id')::uuid;
    begin
      if tg_op <> 'UPDATE' and exists (
          select from contract c where c.id = wanted and c.state = 'draft') then
        return case when tg_op = 'DELETE' then old else new end;
      end if;
      raise exception 'texts of the contract % stay as they are', wanted
        using errcode = 'check_violation', constraint = 'ck_contract_text_fixed',
          table = 'contract_text';
    end $$""",
    """create trigger contract_text_fixed before insert or update or delete on contract_text
      for each row execute function contract_text_fixed()""",
    """create trigger contract_text_append_only_truncate before truncate on contract_text
      for each statement execute function append_only()""",
    """create trigger contract_renewal_append_only before update or delete on contract_renewal
      for each row execute function append_only()""",
    """create trigger contract_renewal_append_only_truncate before truncate on contract_renewal
      for each statement execute function append_only()""",
    transition_trigger(
        "contract_template",
        "state",
        {"draft": ("published",), "published": ("superseded",), "superseded": ()},
    ),
    transition_trigger(
        "contract",
        "state",
        {
            "draft": ("sent", "void"),
            "sent": ("signed", "void"),
            "signed": ("ended",),
            "ended": (),
            "void": (),
        },
    ),
)
_OWNED = {
    "active accounts": "from account where owner_id = new.id and status = 'active'",
    "open leads": """from lead
          where owner_id = new.id and status in ('new', 'working', 'qualified')""",
    "open deals": """from opportunity
          where owner_id = new.id and status = 'active' and state = 'open'""",
    "open activities": "from activity where owner_id = new.id and state = 'open'",
}
_CONTRACTS = """from contract
          where owner_id = new.id and status = 'active' and state in ('draft', 'sent', 'signed')"""


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


def upgrade() -> None:
    """Create the tables, their indexes and triggers, and the tables of texts to search in."""
    for statement in TABLES:
        op.execute(statement)
    for table, indexes in INDEXES.items():
        for name, columns in indexes.items():
            op.execute(f"create index ix_{table}_{name} on {table} ({columns})")
    for statement in PARTIAL:
        op.execute(statement)
    _create_search()
    for statement in FIXED:
        op.execute(statement)
    op.execute(
        """create trigger contract_owner_active
          before insert or update of owner_id, status, state on contract for each row
          when (new.owner_id is not null and new.status = 'active'
            and new.state in ('draft', 'sent', 'signed'))
          execute function require_active_owner()"""
    )
    op.execute(_nothing_open(_OWNED | {"open contracts": _CONTRACTS}))
    op.execute(PIN_FUNCTIONS)


def _create_search() -> None:
    """Create the tables of texts to search in, and the columns of custom fields."""
    for table, (columns, words) in SEARCHED.items():
        op.execute(
            f"""create table {table}_search (
              {table}_id uuid not null,
              search text not null,
              constraint pk_{table}_search primary key ({table}_id),
              constraint {_SEARCH_KEYS[table]}
                foreign key ({table}_id) references {table} (id) on delete cascade
            )"""
        )
        op.execute(
            f"create index ix_{table}_search_search on {table}_search"
            " using gin (search_grams(search))"
        )
        for statement in search_functions.kept_beside(table, columns, words):
            op.execute(statement)
        for statement in add_values(table):
            op.execute(statement)


def downgrade() -> None:
    """Drop the tables, and the functions of their triggers."""
    op.execute(_nothing_open(_OWNED))
    op.execute("alter table contract drop constraint fk_contract_id_contract_version_contract_text")
    op.execute("drop table contract_renewal, contract_number, contract_text")
    op.execute("drop table contract_search, contract, contract_template_search, contract_template")
    for name in (
        *("keep_contract_search", "keep_contract_template_search"),
        *("contract_fixed", "contract_template_fixed", "contract_text_fixed"),
    ):
        op.execute(f"drop function {name}()")
    op.execute(PIN_FUNCTIONS)
