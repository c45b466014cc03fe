"""Quotes: their lines, numbers by year, tokens and answers; what was sent stays as it is.

Revision ID: 0670
Revises: 0662
"""

from alembic import op

from chassis.schema.rights import PIN_FUNCTIONS
from chassis.storage import search_functions
from records.custom.tables import add_values

revision = "0670"
down_revision = "0662"

_SUMS = """
      gross numeric(20, 4) not null,
      line_discount numeric(20, 4) not null,
      document_discount numeric(20, 4) not null,
      net numeric(20, 4) not null,
      tax numeric(20, 4) not null,"""
_NOT_NEGATIVE = "line_discount >= 0 and document_discount >= 0 and net >= 0 and tax >= 0"
TABLES = (
    f"""create table quote (
      id uuid not null,
      version integer not null,
      created_at timestamptz not null,
      updated_at timestamptz not null,
      name text not null,
      sort_key text collate "C" not null,
      number text not null,
      quote_version smallint not null,
      state text not null,
      account_id uuid,
      contact_id uuid,
      opportunity_id uuid,
      owner_id uuid,
      team_id uuid,
      currency text not null,
      language text not null,
      discount numeric(7, 6) not null,{_SUMS}
      total numeric(20, 4) not null,
      valid_until date,
      terms text not null,
      note text not null,
      channel text,
      sent_at timestamptz,
      sent_on date,
      text text not null,
      text_hash text not null,
      answered_on date,
      status text not null,
      constraint pk_quote primary key (id),
      constraint uq_quote_number_quote_version unique (number, quote_version),
      constraint fk_quote_account_id_account foreign key (account_id) references account (id),
      constraint fk_quote_contact_id_contact foreign key (contact_id) references contact (id),
      constraint fk_quote_opportunity_id_opportunity
        foreign key (opportunity_id) references opportunity (id),
      constraint fk_quote_owner_id_staff_member
        foreign key (owner_id) references staff_member (id),
      constraint fk_quote_team_id_team foreign key (team_id) references team (id),
      constraint ck_quote_name_given check (name <> ''),
      constraint ck_quote_status_known check (status in ('active', 'archived')),
      constraint ck_quote_state_known check (state in ('draft', 'sent', 'accepted', 'declined',
        'expired', 'revoked', 'superseded')),
      constraint ck_quote_language_known check (language in ('zh-CN', 'en')),
      constraint ck_quote_channel_known check (channel in ('email', 'post', 'in_person',
        'messenger', 'other')),
      constraint ck_quote_quote_version_counted check (quote_version >= 1),
      constraint ck_quote_discount_part check (discount between 0 and 1),
      constraint ck_quote_sums_not_negative check ({_NOT_NEGATIVE}),
      constraint ck_quote_adds_up check (
        gross - line_discount - document_discount = net and total = net + tax),
      constraint ck_quote_sent_is_whole check (state = 'draft' or (account_id is not null
        and valid_until is not null and channel is not null and sent_at is not null
        and sent_on is not null and text <> '' and text_hash <> '')),
      constraint ck_quote_draft_not_sent check (
        state <> 'draft' or (channel is null and sent_at is null and text = '')),
      constraint ck_quote_valid_when_sent check (valid_until >= sent_on),
      constraint ck_quote_answered_on_a_day check (
        (state in ('accepted', 'declined')) = (answered_on is not null)),
      constraint ck_quote_accepted_in_time check (
        state <> 'accepted' or answered_on <= valid_until)
    )""",
    "create unique index uq_quote_draft on quote (number) where state = 'draft'",
    "create unique index uq_quote_sent on quote (number) where state = 'sent'",
    "create unique index uq_quote_accepted on quote (number) where state = 'accepted'",
    """create unique index uq_quote_accepted_of_deal on quote (opportunity_id)
      where state = 'accepted'""",
    f"""create table quote_line (
      quote_id uuid not null,
      position smallint not null,
      product_id uuid not null,
      description text not null,
      quantity numeric(20, 6) not null,
      unit text not null,
      list_price numeric(20, 6),
      min_quantity numeric(20, 6),
      unit_price numeric(20, 6) not null,
      discount numeric(7, 6) not null,
      tax_rate numeric(7, 6),{_SUMS}
      constraint pk_quote_line primary key (quote_id, position),
      constraint fk_quote_line_quote_id_quote foreign key (quote_id) references quote (id),
      constraint fk_quote_line_product_id_product
        foreign key (product_id) references product (id),
      constraint ck_quote_line_quantity_positive check (quantity > 0),
      constraint ck_quote_line_price_not_negative check (unit_price >= 0 and list_price >= 0),
      constraint ck_quote_line_discount_part check (discount between 0 and 1),
      constraint ck_quote_line_tax_rate_part check (tax_rate between 0 and 1),
      constraint ck_quote_line_sums_not_negative check ({_NOT_NEGATIVE}),
      constraint ck_quote_line_adds_up check (
        gross - line_discount - document_discount = net)
    )""",
    "create index ix_quote_line_product_id on quote_line (product_id)",
    """create table quote_number (
      year smallint not null,
      last_number integer not null,
      constraint pk_quote_number primary key (year),
      constraint ck_quote_number_last_number_counted check (last_number >= 1)
    )""",
    """create table quote_token (
      quote_id uuid not null,
      token_hash bytea not null,
      issued_at timestamptz not null,
      used_at timestamptz,
      constraint pk_quote_token primary key (quote_id),
      constraint uq_quote_token_token_hash unique (token_hash),
      constraint fk_quote_token_quote_id_quote foreign key (quote_id) references quote (id),
      constraint ck_quote_token_token_hash_length check (length(token_hash) = 32)
    )""",
    """create table quote_answer (
      quote_id uuid not null,
      state text not null,
      person text not null,
      note text not null,
      source_address text not null,
      text_hash text not null,
      answered_at timestamptz not null,
      by text not null,
      constraint pk_quote_answer primary key (quote_id),
      constraint fk_quote_answer_quote_id_quote foreign key (quote_id) references quote (id),
      constraint ck_quote_answer_state_answered check (state in ('accepted', 'declined')),
      constraint ck_quote_answer_person_given check (person <> ''),
      constraint ck_quote_answer_text_hash_length check (length(text_hash) = 64)
    )""",
    """create trigger quote_answer_append_only before update or delete on quote_answer
      for each row execute function append_only()""",
    """create trigger quote_answer_append_only_truncate before truncate on quote_answer
      for each statement execute function append_only()""",
)
FILTERED = ("status", "state", "owner_id", "team_id", "account_id", "opportunity_id")
INDEXES = {
    "created_at": "(created_at, id)",
    "updated_at": "(updated_at, id)",
    "sort_key": "(sort_key, id)",
    **{f"{one}_created_at": f"({one}, created_at, id)" for one in FILTERED},
    "number": "(number, id)",
    "contact_id": "(contact_id)",
    "total": "(total, id)",
    "valid_until": "(coalesce(valid_until, 'infinity'), id)",
    "expiring": "(valid_until, id) where state = 'sent'",
}
SEARCHED = (
    "quote",
    "name, sort_key, number",
    "search_number(new.number) || ' ' || search_name(new.name, new.sort_key)",
)
# What the customer reads of a quote that was sent. Accounts and contacts may be merged.
FIXED = (
    """create function quote_fixed() returns trigger language plpgsql as $$
    declare
      free text[] := array['version', 'updated_at', 'state', 'status', 'owner_id', 'team_id',
        'note', 'custom', 'account_id', 'contact_id', 'answered_on'];
    begin
      if tg_op = 'DELETE' then
        if old.state = 'draft' then
          return old;
        end if;
      elsif old.state = 'draft' then
        if new.state in ('draft', 'sent') then
          return new;
        end if;
      elsif to_jsonb(old) - free = to_jsonb(new) - free and (old.state = new.state
          or old.state = 'sent' and new.state in
            ('accepted', 'declined', 'expired', 'revoked', 'superseded')) then
        return new;
      end if;
      raise exception 'quote % was sent: it stays as it is', old.id
        using errcode = 'check_violation', constraint = 'ck_quote_fixed', table = 'quote';
    end $$""",
    """create trigger quote_fixed before update or delete on quote
      for each row execute function quote_fixed()""",
    """create function quote_line_fixed() returns trigger language plpgsql as $$
    declare
      changed jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
      wanted uuid := (changed ->> 'quote_id')::uuid;
    begin
      if exists (select from quote q where q.id = wanted and q.state <> 'draft') then
        raise exception 'quote % was sent: its lines stay as they are', wanted
          using errcode = 'check_violation', constraint = 'ck_quote_line_fixed',
            table = 'quote_line';
      end if;
      return case when tg_op = 'DELETE' then old else new end;
    end $$""",
    """create trigger quote_line_fixed before insert or update or delete on quote_line
      for each row execute function quote_line_fixed()""",
)
# When the transaction ends: the lines of a quote make its sums (C26).
SUMS = (
    """create function quote_sums_of_lines() returns trigger language plpgsql as $$
    declare
      changed jsonb := case when tg_op = 'DELETE' then to_jsonb(old) else to_jsonb(new) end;
      wanted uuid := (changed ->> tg_argv[0])::uuid;
    begin
      if exists (select from quote q cross join lateral (
          select coalesce(sum(l.gross), 0) as gross, coalesce(sum(l.net), 0) as net,
              coalesce(sum(l.line_discount), 0) as line_discount,
              coalesce(sum(l.tax), 0) as tax
            from quote_line l where l.quote_id = q.id) s
          where q.id = wanted and (q.gross, q.net, q.line_discount, q.tax)
            <> (s.gross, s.net, s.line_discount, s.tax)) then
        raise exception 'quote % is not the sum of its lines', wanted
          using errcode = 'check_violation', constraint = 'ck_quote_sums_of_lines',
            table = 'quote';
      end if;
      return null;
    end $$""",
    """create constraint trigger quote_sums_of_lines
      after insert or update of gross, net, line_discount, tax on quote
      deferrable initially deferred
      for each row execute function quote_sums_of_lines('id')""",
    """create constraint trigger quote_line_sums
      after insert or update or delete on quote_line deferrable initially deferred
      for each row execute function quote_sums_of_lines('quote_id')""",
)


def upgrade() -> None:
    """Create the tables, their indexes and triggers, and the table of texts."""
    for statement in TABLES:
        op.execute(statement)
    for name, columns in INDEXES.items():
        op.execute(f"create index ix_quote_{name} on quote {columns}")
    op.execute(
        """create table quote_search (
          quote_id uuid not null,
          search text not null,
          constraint pk_quote_search primary key (quote_id),
          constraint fk_quote_search_quote_id_quote
            foreign key (quote_id) references quote (id)
            on delete cascade
        )"""
    )
    op.execute(
        "create index ix_quote_search_search on quote_search using gin (search_grams(search))"
    )
    kept = search_functions.kept_beside(*SEARCHED)
    for statement in (*kept, *add_values("quote"), *FIXED, *SUMS):
        op.execute(statement)
    op.execute(PIN_FUNCTIONS)


def downgrade() -> None:
    """Drop the tables, and the functions of their triggers."""
    op.execute(
        "drop table quote_search, quote_answer, quote_token, quote_number, quote_line, quote"
    )
    for name in ("keep_quote_search", "quote_fixed", "quote_line_fixed", "quote_sums_of_lines"):
        op.execute(f"drop function {name}()")
